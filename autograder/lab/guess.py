"""The reader's guesses, each laid beside what came out.

A cell asks, the reader writes a letter into it, and a later cell compares. Nothing of it is graded or sent anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ask", "compare", "summary"]


@dataclass
class _Guess:
    question: str
    options: dict[str, str]
    mine: str = ""
    result: str = ""

    def told(self, letter: str) -> str:
        return f"{letter}, {self.options[letter]}"


_guesses: dict[str, _Guess] = {}  # of this kernel, by name, in the order in which they were asked


def ask(name: str, question: str, *, mine: str = "", **options: str) -> None:
    """Ask for a guess, and keep it.

    A guess may be changed until the result is known. From then on the last one stays.

    Args:
        name: by which `compare` finds it.
        mine: the letter of an option, or nothing as long as there is no guess.
        options: the possible answers, `A="the RNN", B="the LSTM"`.
    """
    guess = _Guess(question, options)
    before = _guesses.get(name)
    if before is not None and (before.question, before.options) == (question, options):
        guess = before
    _guesses[name] = guess
    letter = mine.strip().upper()
    print(question)
    for key, text in options.items():
        print(f"  {key}  {text}")
    if letter and letter not in options:
        print(f'mine="{mine}" is none of the letters {", ".join(options)}.')
    elif guess.result and letter != guess.mine:
        none = "You made none: restart the kernel to guess after all."
        kept = f"Your guess stays {guess.told(guess.mine)}." if guess.mine else none
        print(f"The result is known: {guess.told(guess.result)}. {kept}")
    elif not letter:
        print('What do you think? Write the letter between the quotation marks of mine="" and run the cell again.')
    else:
        guess.mine = letter
        print(f"You guess {guess.told(letter)}.")


def compare(name: str, result: str) -> None:
    """Lay the guess beside the result.

    Args:
        result: the letter of the option that came out, computed and not written down.

    Raises:
        ValueError: when the question has no such letter.
    """
    guess = _guesses.get(name)
    if guess is None:
        print(f'It came out {result}. The cell with guess.ask("{name}", …) was not run: there is nothing to compare.')
        return
    if result not in guess.options:
        raise ValueError(f'"{name}" has the options {", ".join(guess.options)}, and the result is {result!r}.')
    guess.result = result
    if not guess.mine:
        print(f"It came out {guess.told(result)}. You made no guess.")
    elif guess.mine == result:
        print(f"As you guessed: {guess.told(result)}.")
    else:
        print(f"You guessed {guess.told(guess.mine)}. It came out {guess.told(result)}.")


def summary() -> None:
    """How many guesses came out, and which did not."""
    known = [guess for guess in _guesses.values() if guess.result]
    made = [guess for guess in known if guess.mine]
    wrong = [guess for guess in made if guess.mine != guess.result]
    print(f"{len(made) - len(wrong)} of your {len(made)} guesses came out.", end="")
    print(f" {len(known) - len(made)} you did not make." if len(known) > len(made) else "")
    for guess in wrong:
        print(f"  {guess.question}\n    you: {guess.told(guess.mine)}\n    it came out: {guess.told(guess.result)}")
    if wrong:
        print("What did you believe that was not so? Say it in one sentence, then go on.")
