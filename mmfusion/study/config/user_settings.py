"""Settings of a dataset of the user's: what is read from which file, and how."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from mmfusion.study.config.fields import Positive, Seed, Settings, Share, Text

Side = Literal["front", "behind"]


class HeldOut(Settings):
    """The validation and test splits of a dataset of the user's."""

    validation: Share = Field(
        default=0.15, description="share of the validation split, whose loss is recorded only"
    )
    test: Share = Field(default=0.25, description="share of the test split")
    seed: Seed = Field(default=0, description="seed of the random splits")

    @model_validator(mode="after")
    def _something_to_train_on(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError(
                f"expected shares with a sum below 1 (it is {self.validation + self.test:g}: validation "
                f"{self.validation:g} and test {self.test:g}), as the rest is trained on; lower one"
            )
        return self


class ModalityColumns(Settings):
    """A modality that is a sequence of symbols."""

    columns: Text | list[Text] = Field(description="columns, pattern, array, key or csd file")
    kind: Literal["symbols"] = Field(
        description="symbols: a sequence of whole numbers or letters, read by a motif scanner"
    )


class UserDataset(Settings):
    """A dataset of yours, by a name of your choice."""

    model_config = ConfigDict(json_schema_extra={"placeholder": "YOURS"})

    path: Text = Field(
        description="CSV, Parquet, npz, safetensors or pkl file (a dictionary of splits, as of CMU-MOSI), "
        "or a folder of npy files or of csd files"
    )
    target: Text = Field(description="column, array, key or csd file that is predicted")
    task: Literal["auto", "classification", "regression"] = Field(
        default="auto",
        description="what the target is; auto: by the number of its different values, and index.html says "
        "which",
    )
    threshold: float | None = Field(
        default=None, description="makes two classes of a numeric target: whether it is at least this number"
    )
    modalities: dict[Text, Text | list[Text] | ModalityColumns] | None = Field(
        default=None,
        description="columns of every modality of a table, as a list or as a pattern such as audio_*; else "
        "the array, key or csd file of every modality; or columns and kind (without it: text, audio and "
        "vision of a pkl file, all others of arrays and csd files)",
    )
    groups: Text | None = Field(
        default=None,
        description="column, array or key of groups, such as speakers; a group is never in two splits that "
        "are drawn (without it: the videos of pkl and csd files)",
    )
    ids: Text | None = Field(default=None, description="column, array or key of names of the samples")
    nonfinite: Literal["error", "zero", "missing"] = Field(
        default="error",
        description="NaN and infinity among the features: stop, zero in their place, or the sample lacks "
        "the modality",
    )
    padding: Side | dict[Text, Side] | None = Field(
        default=None,
        description="where the padding of sequences with lengths is, of all or by modality (without it: "
        "behind, and checked)",
    )
    words: Text | None = Field(
        default=None, description="csd files: the modality whose intervals are the words (without it: text)"
    )
    missing_frames: Literal["error", "zero"] | None = Field(
        default=None, description="csd files: words without a frame of a modality (without it: error)"
    )
    labels_without_words: Literal["error", "leave_out"] | None = Field(
        default=None, description="csd files: labels that no word overlaps (without it: error)"
    )
    held_out: HeldOut = Field(
        default=HeldOut(), description="which part of the samples, or of the groups, is not trained on"
    )
    epochs: Positive = Field(default=20, description="passes over the training split")
    max_order: Positive | Literal["auto", "all"] = Field(
        default="auto",
        description="largest number of modalities in a subset; auto: all up to four modalities, else 2",
    )
