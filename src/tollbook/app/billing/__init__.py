"""Where calls meet money: charges posted, holds captured, recharges, statements, fees."""
