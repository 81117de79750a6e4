"""What the files of the user's datasets show by their names alone, before any job."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from mmfusion.data.example import EXAMPLE
from mmfusion.errors import ConfigError, DataError
from mmfusion.study.config.problems import as_yaml
from mmfusion.study.config.user_settings import UserDataset

PICKLES = (".pkl", ".pickle")


def modalities_in_files(user: Mapping[str, UserDataset]) -> dict[str, int]:
    """Check that the user's files exist and have all names that the configuration uses.

    Only the names are read, never the values. The workflow draws the example's file when it needs it, and the
    names in a pickle are known only after reading.

    Parameters
    ----------
    user : mapping of str to UserDataset

    Returns
    -------
    dict of str to int
        Modalities of the datasets whose files show them.

    Raises
    ------
    DataError
        With one sentence per file that cannot be used.
    """
    found, mistakes = {}, []
    for name, settings in user.items():
        if settings.path == EXAMPLE and not Path(EXAMPLE).exists():
            continue
        if not Path(settings.path).exists():
            mistakes.append(
                f"datasets.{name}.path: {settings.path} is not in {Path.cwd()}, where "
                "the data should be; correct the path, or give an absolute one."
            )
            continue
        try:
            if modalities := _modalities_in(settings):
                found[name] = len(modalities)
        except DataError as error:
            mistakes.append(f"datasets.{name}: {error}")
    if mistakes:
        raise DataError("\n".join(mistakes))
    return found


def _modalities_in(settings: UserDataset) -> list[str]:
    """List the modalities of a file; none if only its values show them."""
    # Imported here: a study without data of the user's does not need the libraries of the formats.
    from mmfusion.data.readers.read import check_names, only_of_csd
    from mmfusion.study.data.reading import reading

    chosen = reading(settings.model_dump())
    treatment = chosen.pop("treatment")
    if settings.path.endswith(PICKLES):
        only_of_csd(Path(settings.path), chosen["only_csd"])
        return []
    return check_names(settings.path, **chosen, symbols=treatment.symbols)


def check_used(user: Iterable[str], named: Container[str]) -> None:
    """Refuse datasets of the user's that no experiment uses: a run would not look at them.

    Parameters
    ----------
    user : iterable of str
        Names of the user's datasets.
    named : container of str
        Datasets that experiments name.

    Raises
    ------
    ConfigError
        With one mistake per dataset.
    """
    unused = [
        f"datasets.{name}: no experiment uses this dataset, so it has no effect; name it in the datasets of "
        f"one (as in experiments: {{mine: {{datasets: [{as_yaml(name)}]}}}}), or leave it out."
        for name in user
        if name not in named
    ]
    if unused:
        raise ConfigError(unused)
