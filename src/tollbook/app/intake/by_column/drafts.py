"""The calls of a block to drafts, mediated and priced by the column."""

from tollbook.app.intake.by_column.prices import BlockPrices
from tollbook.app.intake.by_column.routes import BlockRoutes
from tollbook.app.intake.mediate import Mediator
from tollbook.app.intake.price_draft import price_draft
from tollbook.app.pricing.rater import Rater
from tollbook.core.batch import BATCH_RECORDS, CallBatch
from tollbook.formats.blocks import ParsedBlock


class BlockDrafts:
    """One PBX's blocks on their way to calls, beside its mediator and rater."""

    def __init__(self, mediator: Mediator, rater: Rater) -> None:
        self._mediator, self._rater = mediator, rater
        self._ways = BlockRoutes(mediator.who, mediator.goal, mediator.shown_in, mediator.telephone)
        self._prices = BlockPrices(rater)

    def drafts(self, block: ParsedBlock, *, segment_id: int) -> list[CallBatch]:
        """Return what the calls of *block* come to, priced, in steps fit for one bulk write."""
        ways = self._ways.ways(block)
        charged = self._prices.charged(block, ways, generation=self._ways.generation)
        drafts = []
        for begin in range(0, len(block), BATCH_RECORDS):
            end = begin + BATCH_RECORDS
            draft = CallBatch(segment_id)
            some = slice(begin, end)
            self._mediator.add_calls(draft, block.some(some), ways.some(some))
            if charged is None:
                price_draft(self._rater, draft)
            else:
                charged.add_to(draft.charges, begin, end)
            drafts.append(draft)
        return drafts
