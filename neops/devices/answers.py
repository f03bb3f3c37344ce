"""What to answer when a command asks something back."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator

from neops.entities import Secret


class Answer(BaseModel):
    r"""One question that a command is expected to ask, and what to type then.

    ```python
    Answer(r"Save\? \[yes/no\]", "no", optional=True)
    Answer("[Pp]assword:", device.password)
    ```

    `question` is a regular expression that ends in the line at which the device waits; what it printed since the
    answer before may stand in front of it. `text` is followed by a return;
    empty is the return alone. `hidden` text, which a Secret always is, shows nowhere: not in results, logs or
    transcripts. An `optional` question need not come. After an answer that `ends` it the device may hang up.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    text: Secret = Field(default=Secret(), repr=False)
    hidden: bool = False
    optional: bool = False
    ends: bool = False

    def __init__(
        self, question: str, text: str = "", *, hidden: bool = False, optional: bool = False, ends: bool = False
    ) -> None:
        super().__init__(
            question=question,
            text=Secret(text),
            hidden=hidden or isinstance(text, Secret),
            optional=optional,
            ends=ends,
        )

    def fits(self, printed: str) -> bool:
        """Whether the last line of what was printed asks it."""
        line_at = printed.rfind("\n") + 1
        return any(match.end() > line_at for match in re.finditer(self.question, printed))

    @field_validator("question")
    @classmethod
    def _compiles(cls, question: str) -> str:
        try:
            re.compile(question)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return question

    @field_validator("text")
    @classmethod
    def _is_a_line(cls, text: Secret) -> Secret:
        if "\n" in text or "\r" in text:
            raise ValueError("an answer is one line")
        return text

    @field_serializer("text")
    def _shown(self, text: Secret) -> str:
        return str(text) if self.hidden else text.reveal()
