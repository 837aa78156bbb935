package io.lockstep.transport.arbiter;

import io.lockstep.mirror.spi.Arbiter.Outcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A process that claims the term after each number it reads on its input and prints the outcome. Arguments: directory, name. */
final class Claimant {
    private Claimant() {}

    public static void main(String[] args) throws IOException {
        DirectoryArbiter arbiter =
                new DirectoryArbiter(Path.of(args[0]), "web", args[1], "i-" + args[1], Runnable::run);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            arbiter.claim(Long.parseLong(line), "race");
            out.println(arbiter.outcome() == Outcome.WON ? "WON" : arbiter.outcome() + " " + arbiter.detail());
        }
    }
}
