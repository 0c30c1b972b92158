/**
 * Shows that the suite sees what it is there to see. {@link dev.evenkeel.mutants.Mutants} lists one
 * change of production code for each rule that a guarantee rests on; {@code bin/prove --mutants}
 * compiles each changed file by itself, puts it in front of the class path of the test that must
 * see it, and runs that test in a process of its own.
 *
 * <p>A mutant counts as caught when four things hold: the test fails with it; the failure says
 * which invariant is broken; the changed line was executed; the same test with the same seed
 * succeeds without it. After mutation analysis (DeMillo, Lipton, Sayward 1978), with mutants that
 * somebody has thought about in the place of random ones.
 */
@org.jspecify.annotations.NullMarked
package dev.evenkeel.mutants;
