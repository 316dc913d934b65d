"""Live control: what was keyed, may this call be placed, for how long, and at whose expense?"""
