package dev.evenkeel.bench.peers;

import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Runs an outbox for {@code bin/bench}. Reads commands, a line each, and answers each with a line:
 *
 * <ul>
 *   <li>{@code settings}: answers {@code <name>=<value>}, a tab between any two;
 *   <li>{@code open <url> <user> <password>}: starts the outbox on a database that has the business
 *       table, and lets one order through; answers {@code opened};
 *   <li>{@code run <writers> <ms> <events per transaction>}: writers in a closed loop until the
 *       time is up, and then until all is handled; answers {@code <events> <ns from the first write
 *       to the last handled> <ns from the last commit to the last handled> <CPU ns>};
 *   <li>{@code pace <orders per second> <writers> <ms>}: begins to write at that pace; answers
 *       {@code begun};
 *   <li>{@code delays}: of the paced orders that are handled so far; answers a compressed histogram
 *       of nanoseconds in Base64;
 *   <li>{@code drain}: waits until all paced orders are written and handled; answers their number;
 *   <li>{@code cpu}: answers the nanoseconds of processor time that this process has used;
 *   <li>{@code close}: ends the outbox; answers {@code closed}.
 * </ul>
 *
 * Ends with its input.
 */
public final class PeerServer {

  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private final Supplier<Peer> peers;
  private @Nullable PeerSession session;

  private PeerServer(Supplier<Peer> peers) {
    this.peers = peers;
  }

  /** Serves until the input ends, and then ends the process. */
  public static void serve(Supplier<Peer> peers) {
    PrintStream answers = System.out;
    System.setOut(System.err); // what libraries print is no answer
    PeerServer server = new PeerServer(peers);
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    answers.println("ready");
    try {
      for (String line = commands.readLine(); line != null; line = commands.readLine()) {
        answers.println(server.obey(line.split(" ", -1)));
      }
    } catch (Exception e) {
      e.printStackTrace();
      System.exit(1); // whoever waits for an answer is to learn of it, whatever threads there are
    }
    System.exit(0);
  }

  /** Processor time that this process has used so far, in nanoseconds. */
  static long cpuNanos() {
    return SYSTEM.getProcessCpuTime();
  }

  private String obey(String[] words) throws Exception {
    return switch (words[0]) {
      case "settings" -> settings();
      case "open" -> open(words[1], words[2], words[3]);
      case "run" ->
          session()
              .run(
                  Integer.parseInt(words[1]), Long.parseLong(words[2]), Integer.parseInt(words[3]));
      case "pace" ->
          session()
              .pace(
                  Integer.parseInt(words[1]), Integer.parseInt(words[2]), Long.parseLong(words[3]));
      case "delays" -> encoded(session().delays());
      case "drain" -> session().drain();
      case "cpu" -> String.valueOf(cpuNanos());
      case "close" -> close();
      default -> throw new IllegalArgumentException(words[0] + " is no command");
    };
  }

  private PeerSession session() {
    if (session == null) {
      throw new IllegalStateException("No database is open; the command open comes first");
    }
    return session;
  }

  private String settings() {
    return peers.get().settings().entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .collect(Collectors.joining("\t"));
  }

  private String open(String url, String user, String password) throws Exception {
    session = new PeerSession(peers.get(), url, user, password);
    System.gc(); // of the last database's
    return "opened";
  }

  private String close() throws Exception {
    session().close();
    session = null;
    return "closed";
  }

  private static String encoded(Histogram histogram) {
    ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
    int length = histogram.encodeIntoCompressedByteBuffer(buffer);
    return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
  }
}
