"""Live control: may this telephone call that number now, for how long, and at whose expense?"""
