"""Settings of one machine's zswap, made before it starts."""

from dataclasses import dataclass

from zbudlab import layout
from zbudlab.jit import open_doors
from zbudlab.mm.state import State
from zbudlab.profiles import DEFAULT, RULES, ZSMALLOC, Profile, ZsmallocRules, rules_of


@dataclass(frozen=True)
class ZswapSettings:
    """Settings of zswap.

    profile: the rules, by a name in `zbudlab.profiles.PROFILES`. enabled: False = all pages go to
    the device. totalram: pages of memory, of which the pools may use max_pool_percent; None = all
    page frames. accept_threshold_percent: of that limit, for the rule `accept_threshold`.
    same_filled_pages: False switches the rule `same_filled` off. kind: the allocator of the pools,
    layout.ZPOOL_*. variant: of zbud, layout.ZBUD_*. threads: for compression; None = one per core.
    """

    profile: str = DEFAULT
    enabled: bool = True
    totalram: int | None = None
    max_pool_percent: int = 20
    accept_threshold_percent: int = 90
    same_filled_pages: bool = True
    kind: int = layout.ZPOOL_ZBUD
    variant: int = layout.ZBUD_SERIES
    threads: int | None = 1

    @property
    def rules(self) -> Profile:
        """The rules of the profile. Raises ValueError if there is no such profile."""
        return rules_of(self.profile)

    @property
    def zsmalloc(self) -> ZsmallocRules | None:
        """The rules of zsmalloc in the profile's kernel; None = it had no zsmalloc for zswap."""
        return ZSMALLOC.get(self.profile)

    def apply(self, state: State) -> None:
        """Write the settings to the record of zswap that compiled code reads."""
        rules = self.rules
        values = {rule: getattr(rules, rule) for rule in RULES} | {
            "totalram_pages": len(state.frames) if self.totalram is None else self.totalram,
            "max_pool_percent": self.max_pool_percent,
            "accept_threshold_percent": self.accept_threshold_percent,
            "same_filled_pages_enabled": rules.same_filled and self.same_filled_pages,
        }
        for name, value in values.items():
            state.zswaps[name] = value
        if rules.free_scan_stride:
            open_doors(layout.DOOR_FREE_SCAN)


USUAL = ZswapSettings()
