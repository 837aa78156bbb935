package io.lockstep.host.cli;

import picocli.CommandLine.Command;

/** {@code mirror riscv}: the embedded machine by itself. */
@Command(
        name = "riscv",
        description = "The embedded RISC-V machine by itself: no mirror, no QEMU.",
        mixinStandardHelpOptions = true,
        subcommands = {RiscvRunCommand.class},
        synopsisSubcommandLabel = "COMMAND")
final class RiscvCommand {}
