"""The peers that run in processes of their own, and the environments in which they are installed.

    python benchmarks/environments.py       makes those that are missing, below build/peers

Two versions of JAX cannot be in one environment, so each has its own, with pinned packages. PyTorch is in the one that
runs the benchmark. `make bench` makes them first; without one of them it leaves the peer out and says so.
"""

import importlib.util
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

__all__ = ["PEERS", "Peer"]

FOLDER = Path(__file__).parents[1] / "build" / "peers"
NUMBERS = ("numpy==2.4.6", "scipy==1.17.1")


@dataclass(frozen=True)
class Peer:
    """A class of a module in `processes`, and the packages that it needs: none if they are those of the benchmark."""

    name: str
    module: str
    kind: str
    packages: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where its environment is; another version has another folder."""
        return FOLDER / self.packages[0].replace("==", "-")

    @property
    def python(self) -> Path:
        """Return its Python."""
        return (
            self.folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
            if self.packages
            else Path(sys.executable)
        )

    @property
    def is_there(self) -> bool:
        """Whether it can be run."""
        return (self.folder / "ready").is_file() if self.packages else importlib.util.find_spec("torch") is not None

    @property
    def version(self) -> str:
        """Package and version."""
        return self.packages[0].replace("==", " ") if self.packages else f"torch {version('torch')}"

    @property
    def command(self) -> str:
        """What installs it."""
        return "python benchmarks/environments.py" if self.packages else "pip install '.[bench]'"

    def make(self) -> None:
        """Make the environment."""
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(self.folder)], check=True)
        subprocess.run([str(self.python), "-m", "pip", "install", "--quiet", *self.packages], check=True)
        (self.folder / "ready").touch()


PEERS = (
    Peer("PyTorch", "torch_steps", "Eager"),
    Peer("PyTorch, compiled", "torch_steps", "Compiled"),
    Peer("JAX 0.10", "jax_scan", "Scan", ("jax==0.10.2", "jaxlib==0.10.2", *NUMBERS)),
    Peer("JAX 0.4.31", "jax_scan", "Scan", ("jax==0.4.31", "jaxlib==0.4.31", *NUMBERS)),
    Peer("Numba", "numba_loop", "Loop", ("numba==0.68.1", *NUMBERS)),
)
"""The newest JAX, and the last one with the runtime before thunks, which is faster on small networks."""


def main() -> None:
    """Make what is missing; say what cannot be made."""
    for peer in PEERS:
        if peer.packages and not peer.is_there:
            sys.stdout.write(f"{peer.version}: making {peer.folder} …\n")
            sys.stdout.flush()
            try:
                peer.make()
            except subprocess.CalledProcessError as error:
                sys.stdout.write(f"{peer.name} stays away: {error}\n")


if __name__ == "__main__":
    main()
