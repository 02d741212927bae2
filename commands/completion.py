"""`cairn completion`: the script with which a shell completes commands and options."""

from __future__ import annotations

import click

from commands.teaching import command

INSTALL = {
    "bash": "cairn completion bash > ~/.local/share/bash-completion/completions/cairn",
    "zsh": "cairn completion zsh > ~/.zfunc/_cairn   # with fpath+=~/.zfunc before compinit",
    "fish": "cairn completion fish > ~/.config/fish/completions/cairn.fish",
}


@command()
@click.argument("shell", type=click.Choice(list(INSTALL)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the shell's completion script.

    The script completes commands, options and file names. Its first line says where to put it.
    Open a new shell afterwards.

    Example:
      cairn completion bash > ~/.local/share/bash-completion/completions/cairn
      cairn completion zsh > ~/.zfunc/_cairn
      cairn completion fish > ~/.config/fish/completions/cairn.fish
    """
    from click.shell_completion import get_completion_class

    writer = get_completion_class(shell)
    assert writer is not None
    script = writer(ctx.find_root().command, {}, "cairn", "_CAIRN_COMPLETE").source()
    lines = script.strip().splitlines()
    # zsh wants `#compdef` to stay the first line.
    first = 1 if lines[0].startswith("#compdef") else 0
    lines.insert(first, f"# install: {INSTALL[shell]}")
    click.echo("\n".join(lines))
