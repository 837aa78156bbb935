package io.lockstep.host.cli;

import io.lockstep.host.demo.DemoCommand;
import io.lockstep.host.drill.DrillCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point of the program. Exit codes: 0 done, 1 failed, 2 bad configuration or command line. */
@Command(
        name = "mirror",
        description = "Keeps a virtual machine alive through the loss of any one component or host.",
        mixinStandardHelpOptions = true,
        version = "0.1.0",
        subcommands = {
            HostCommand.class,
            CtlCommand.class,
            NbdCommand.class,
            DemoCommand.class,
            DrillCommand.class,
            RiscvCommand.class
        },
        synopsisSubcommandLabel = "COMMAND")
public final class MirrorCli {
    private MirrorCli() {}

    /** Runs a command and exits with its code. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new MirrorCli()).execute(args));
    }
}
