"""What a call costs and why: tariffs and plans as stored, dial plan rules, exchange rates."""
