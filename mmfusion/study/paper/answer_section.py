"""The answers about the user's datasets as a part of an article: the words, and the picture."""

from __future__ import annotations

from collections.abc import Mapping

from mmfusion.study.paper.latex import escaped, figure

NOTHING = "% The study has no rows for this.\n"
"""What a part of an article holds that is left out of it."""
CAPTION = (
    "Predictive information of the dataset {name}: what the modalities say alone, what is lost without them, "
    "and what pairs say together. Bars: 95 % intervals over samples, or over groups where there are any."
)


def picture_name(dataset: str) -> str:
    """Return the stem of the picture of an answer.

    Examples
    --------
    >>> picture_name("speech")
    'answer_speech'
    """
    return f"answer_{dataset}"


def answer_sections(answers: Mapping[str, str]) -> str:
    """Write a section per dataset of the user's.

    Parameters
    ----------
    answers : mapping of str to str
        Answers in words by dataset, with paragraphs apart by empty lines.

    Returns
    -------
    str
        LaTeX; `NOTHING` without answers.
    """
    sections = [
        f"\\section*{{The dataset {escaped(name)}}}\n\n{escaped(text.strip())}\n\n"
        + figure(picture_name(name), CAPTION.format(name=name))
        for name, text in answers.items()
    ]
    return "\n".join(sections) or NOTHING
