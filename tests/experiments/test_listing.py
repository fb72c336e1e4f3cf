"""What can be swept is listed as it is: names, parameters, and the results that really come.

Also tests what `experiments/cma.py`, `experiments/density.py`, `experiments/patch.py`,
`experiments/pool.py`, `experiments/pressure.py` and `experiments/parameters.py` declare.
"""

import json

import pytest

from zbudlab import experiments
from zbudlab.experiments.listing import EXPERIMENTS, listed
from zbudlab.experiments.parameters import machine_settings
from zbudlab.machine.config import MachineConfig
from zbudlab.sweep import SweepError, sweep

#: A small point of each experiment.
POINTS = {
    "cma": {"level": 0.5, "zbud": "series", "frames": 4096, "cma_pages": 1024},
    "density": {"content": "half", "using": "lz4", "pages": 64},
    "patch": {"freed": "rand2", "memory": "processes"},
    "pool": {"workload": "desktop", "max_pool_percent": 20, "frames": 2048},
    "pressure": {"workload": "desktop", "frames": 2048, "every": 50},
    "thinned": {"frames": 1024, "order": 5},
}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_results_listed_are_those_that_come(name):
    (found,) = listed([name])
    results = EXPERIMENTS[name](**POINTS[name], seed=0)
    assert {each["name"] for each in found["results"]} == set(results)
    assert all(each["unit"] and each["about"] for each in found["results"])


def test_everything_that_is_exported_is_listed():
    assert sorted([*EXPERIMENTS, "listed"]) == experiments.__all__
    assert [each["name"] for each in listed()] == list(EXPERIMENTS)
    assert json.loads(json.dumps(listed())) == listed()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_parameter_says_what_it_is(name):
    for parameter in listed([name])[0]["parameters"]:
        assert parameter["about"], parameter
        assert ("default" in parameter) != ("required" in parameter)


def test_bounds_and_defaults():
    (found,) = listed(["thinned"])
    by_name = {parameter["name"]: parameter for parameter in found["parameters"]}
    assert by_name["frames"] == {
        "name": "frames",
        "kind": "whole number",
        "about": "page frames of the machine",
        "low": 64,
        "high": 1 << 24,
        "default": 4096,
    }
    assert by_name["pattern"]["choices"] == ["random", "every", "first"]


@pytest.mark.parametrize("name", ["pool", "pressure"])
def test_the_settings_of_the_machine_are_parameters(name):
    names = {parameter["name"] for parameter in listed([name])[0]["parameters"]}
    assert {"frames", "compressor", "profile", "zbud", "swap_pages"} <= names
    assert "seed" not in names


@pytest.mark.parametrize("parameter", machine_settings(), ids=lambda parameter: parameter.name)
def test_the_limits_of_settings_are_those_of_machines(parameter):
    """A value just outside is refused by both, and every choice is accepted by both."""
    kind = parameter.kind
    limits = [(getattr(kind, name, None), by) for name, by in (("low", -1), ("high", 1))]
    for limit, outside in limits:
        if limit is not None:
            assert parameter.fault(limit + outside)
            with pytest.raises(ValueError, match=parameter.name):
                MachineConfig(**{parameter.name: limit + outside})
    for choice in getattr(kind, "known", ()):
        MachineConfig(**{"profile": "6.1", parameter.name: choice})  # it has every allocator
    assert not parameter.fault(parameter.default)


@pytest.mark.parametrize(
    ("name", "grid", "said"),
    [
        ("pool", {"max_pool_precent": 5}, "no parameter max_pool_precent: did you mean max_pool_p"),
        ("pressure", {"frmaes": 4096}, "no parameter frmaes: did you mean frames"),
        ("pressure", {"workload": ["desktop", "desktpo"]}, "unknown workload 'desktpo'"),
        (
            "pressure",
            {"profile": "6.2"},
            "3.12-fixed, 3.12, 6.1, 7.2, 7.3, v2, v2-mended, not '6.2'",
        ),
        ("thinned", {"freed": 1.5}, "freed must be 0 to 1, not 1.5"),
        ("thinned", {"kind": "zbud"}, "kind must be one of processes, zbud unmovable"),
    ],
)
def test_a_misspelt_setting_is_refused_before_the_first_point(name, grid, said):
    needed = {"workload": "desktop", "max_pool_percent": 20} if name == "pool" else {}
    with pytest.raises(SweepError) as refused:
        sweep(EXPERIMENTS[name], needed | grid)
    assert said in str(refused.value)


@pytest.mark.parametrize(("name", "said"), [("pol", "did you mean pool"), ("xyz", "there are cma")])
def test_an_unknown_experiment_is_named(name, said):
    with pytest.raises(ValueError, match=f"no experiment '{name}': {said}"):
        listed([name])
