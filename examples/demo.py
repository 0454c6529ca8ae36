"""The demo: 1 797 handwritten digits, from a CSV file to trained, checked and explained networks.

The demo makes the table demo/digits.csv from scikit-learn's digits, then prints and runs commands of the command line
on it. It exits with 1 if the networks get less than 98 % of the digits right that they did not learn from, or if a
gradient is wrong.

    make demo        or        python examples/demo.py [FOLDER]
"""

import subprocess
import sys
from pathlib import Path

import pandas as pd
from sklearn.datasets import load_digits

from deltarule import CommitteeModel, load
from deltarule.tables.model import HeldOut

GOAL = 0.98

SETTINGS = "--epochs 64 --seed 0"
"""The usual 256 epochs get as many digits right, 98.7 %, and take 97 seconds of a core instead of 36."""


def main(folder: Path) -> None:
    """Run the demo, and write all its files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    table, model, predictions = folder / "digits.csv", folder / "digits.deltarule", folder / "predictions.csv"

    X, y = load_digits(return_X_y=True)
    names = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    pd.DataFrame(X.astype(int), columns=names).assign(digit=y).to_csv(table, index=False)
    say(f"{len(y)} handwritten digits of 8 x 8 pixels are in {table}: one row each, and its label in the column digit.")

    deltarule("train", table, "--target", "digit", "--output", model, "--pictures", folder, *SETTINGS.split())

    say("Is the gradient right? Compare D with differences of J, on the first of the networks:")
    deltarule("check-gradient", model, table)

    deltarule("predict", model, table, "--output", predictions)
    unsure = int(pd.read_csv(predictions).filter(like="probability_").to_numpy().max(axis=1).argmin())
    say(
        f"They are least sure of the digit in row {unsure}. Its forward and backward pass through the first network, "
        "shortened to what fits on two screens:"
    )
    deltarule("explain", model, table, "--row", str(unsure), "--lines", "80")

    trained = load(model)
    held_out = trained.held_out if isinstance(trained, CommitteeModel) else None
    if not isinstance(held_out, HeldOut) or held_out.accuracy < GOAL:
        sys.exit(f"The demo failed: {held_out} is below {GOAL:.0%} right.")
    say(
        f"Done: {held_out.accuracy:.1%} of the {held_out.rows} digits are right as networks say that did not learn "
        f"from them, and so is the gradient. {folder}/ holds the table digits.csv, the model digits.deltarule, the "
        "predictions predictions.csv, and two pictures, members.png and importance.png."
    )


def deltarule(*arguments: object) -> None:
    """Run a command of the command line, and exit if it fails."""
    command = [str(argument) for argument in arguments]
    say("$ deltarule " + " ".join(command))
    done = subprocess.run([sys.executable, "-m", "deltarule", *command], check=False)
    if done.returncode:
        sys.exit(f"The demo failed: `deltarule {command[0]}` ended with {done.returncode}.")


def say(text: str) -> None:
    """Print a line, with a blank line before it."""
    sys.stdout.write(f"\n{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))
