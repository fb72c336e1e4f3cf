"""More or less only beyond what matters."""

LOSES = ("verdict",)

CHANGES = {"conclude": [("low > 0", "low > matters"), ("high < 0", "high < -matters")]}
