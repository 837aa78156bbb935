package io.lockstep.host;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Formatter;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The shape of the house, as rules over the compiled classes of every module that this one sees.
 *
 * <pre>
 *   host  ->  transport, hypervisor, redirect  ->  core (mirror)
 *     \______________|___________________ nativeio  ->  JNA
 * </pre>
 *
 * Rules about packages that may still be empty say so with {@code allowEmptyShould}; the others also notice when nothing is imported.
 */
@AnalyzeClasses(packages = "io.lockstep", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
    private static final String CORE = "io.lockstep.mirror..";
    private static final String NATIVE = "io.lockstep.nativeio..";
    private static final String TRANSPORT = "io.lockstep.transport..";
    private static final String REDIRECT = "io.lockstep.redirect..";
    private static final String HYPERVISOR = "io.lockstep.hypervisor..";
    private static final String HOST = "io.lockstep.host..";
    private static final String SIM = "io.lockstep.sim..";

    /** The stages a page passes on its way, once per record. */
    private static final String[] DATA_PATH = {
        "io.lockstep.mirror.capture..",
        "io.lockstep.mirror.ring..",
        "io.lockstep.mirror.encode..",
        "io.lockstep.mirror.replicate..",
        "io.lockstep.mirror.apply..",
        "io.lockstep.mirror.release.."
    };

    @ArchTest
    static final ArchRule coreShouldKnowNoOtherModule = noClasses()
            .that()
            .resideInAPackage(CORE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(NATIVE, TRANSPORT, REDIRECT, HYPERVISOR, HOST, SIM);

    @ArchTest
    static final ArchRule nativeShouldKnowNoOtherModule = noClasses()
            .that()
            .resideInAPackage(NATIVE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(CORE, TRANSPORT, REDIRECT, HYPERVISOR, HOST, SIM)
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule transportShouldKnowNoSibling = noClasses()
            .that()
            .resideInAPackage(TRANSPORT)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(REDIRECT, HYPERVISOR, HOST, SIM)
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule hypervisorShouldKnowNoSibling = noClasses()
            .that()
            .resideInAPackage(HYPERVISOR)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TRANSPORT, REDIRECT, HOST, SIM)
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule redirectShouldKnowNoSibling = noClasses()
            .that()
            .resideInAPackage(REDIRECT)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TRANSPORT, HYPERVISOR, HOST, SIM);

    @ArchTest
    static final ArchRule onlyNativeShouldUseJna = noClasses()
            .that()
            .resideOutsideOfPackage(NATIVE)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.sun.jna..")
            .because("calls into the kernel are typed and checked in one place");

    @ArchTest
    static final ArchRule coreShouldTouchNoSocketAndNoFile = noClasses()
            .that()
            .resideInAPackage(CORE)
            .should()
            .dependOnClassesThat(resideInAnyPackage("java.net..", "java.nio.channels..", "java.nio.file..")
                    .or(nameMatching("java\\.io\\.(File.*|RandomAccessFile)")))
            .because("actions leave the core through the ports in spi");

    @ArchTest
    static final ArchRule coreShouldStartNoThread = noClasses()
            .that()
            .resideInAPackage(CORE)
            .should()
            .callConstructorWhere(target(owner(assignableTo(Thread.class))))
            .orShould()
            .dependOnClassesThat(
                    nameMatching("java\\.util\\.(Timer.*|concurrent\\.(.*Executor.*|ForkJoin.*|CompletableFuture))"))
            .orShould()
            .callMethodWhere(
                    target(owner(assignableTo(Thread.class))).and(target(nameMatching("start|sleep|ofVirtual"))))
            .because("the host decides on how many threads the agents run");

    @ArchTest
    static final ArchRule coreShouldReadNoClockAndNoDice = noClasses()
            .that()
            .resideInAPackage(CORE)
            .should()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(Math.class, "random")
            .orShould()
            .dependOnClassesThat(assignableTo(ThreadLocalRandom.class)
                    .or(nameMatching("java\\.time\\.(Clock|Instant|InstantSource|Local.*|Zoned.*|Offset.*)"))
                    .or(nameMatching("org\\.agrona\\.concurrent\\..*(EpochClock|NanoClock)")))
            .because("time and chance come in as arguments, so that a run can be repeated");

    @ArchTest
    static final ArchRule dataPathShouldNotStreamFormatOrReflect = noClasses()
            .that()
            .resideInAnyPackage(DATA_PATH)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.util.stream..", "java.util.regex..", "java.lang.reflect..")
            .orShould()
            .callMethodWhere(target(owner(assignableTo(String.class))).and(target(nameMatching("format|formatted"))))
            .orShould()
            .dependOnClassesThat(assignableTo(Formatter.class))
            .because("the data path allocates nothing per record")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule stagesShouldHaveNoCycle =
            slices().matching("io.lockstep.mirror.(*)..").should().beFreeOfCycles();
}
