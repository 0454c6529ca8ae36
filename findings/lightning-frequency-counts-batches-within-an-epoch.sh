#!/bin/sh
# lightning 2.6.6 with PyTorch 2.13.0: the frequency of a schedule by steps counts the batches of one epoch, and begins anew with each.
#
# Guess: interval "step" and frequency 5 lower the rate after each fifth step, as the documentation says ("How many epochs/steps should
#        pass"), whatever the epochs; with accumulate_grad_batches=2 a step is one of the optimiser, as it is with frequency 1.
# Seen:  with epochs of 4 batches, frequency 5 never lowers it, in 24 steps, and no warning is given; frequency 3 does so once in each
#        epoch, after 3, 7, 11 steps instead of 3, 6, 9. With 2 batches to a step, frequency 2 lowers it after each step, and
#        frequency 3 never: the batch has to be a multiple of both 2 and 3.
# Cure:  frequency 1, and the count inside the scheduler (StepLR with step_size=5).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 torch==2.13.0 lightning==2.6.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - 2> /dev/null <<'PYTHON'
import sys

import lightning
import torch

torch.set_num_threads(1)
X = torch.arange(12.0)[:, None] / 12
rows = torch.utils.data.TensorDataset(X, 2 * X)


class Line(lightning.LightningModule):
    def __init__(self, size, frequency):
        super().__init__()
        self.line, self.size, self.frequency, self.rates = torch.nn.Linear(1, 1), size, frequency, []

    def training_step(self, batch, _):
        return ((self.line(batch[0]) - batch[1]) ** 2).mean()

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=1.0)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, self.size, 0.5)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step", "frequency": self.frequency}}

    def optimizer_step(self, *given, **named):
        self.rates.append(self.optimizers().param_groups[0]["lr"])
        super().optimizer_step(*given, **named)


def lowered(frequency, size=1, batches=1):
    model = Line(size, frequency)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    trainer = lightning.Trainer(max_epochs=6, accumulate_grad_batches=batches, accelerator="cpu", **quiet)
    trainer.fit(model, torch.utils.data.DataLoader(rows, batch_size=3))
    rates = model.rates
    return [step for step in range(1, len(rates)) if rates[step] < rates[step - 1]]


fifth, third, cure = lowered(5), lowered(3), lowered(1, size=5)
print("lowered after steps: frequency 5", fifth, "frequency 3", third, "step_size 5", cure)
two, three = lowered(2, batches=2), lowered(3, batches=2)
print("2 batches to a step: frequency 2", two, "frequency 3", three)
right = cure == [5, 10, 15, 20]
sys.exit(not (right and fifth == [] and third == [3, 7, 11, 15, 19, 23] and two == list(range(1, 12)) and three == []))
PYTHON
