package dev.evenkeel.sample.orders.prove;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Stands between clients and a server on the loopback interface, and hands on what they say, unless
 * told to be slow, to keep everything to itself, or to hang up. Two threads for each connection.
 * Thread-safe.
 */
final class TcpProxy implements AutoCloseable {

  private static final int CHUNK = 16_384;
  private static final int BACKLOG = 200;
  private static final Duration AFTER_FAILURE = Duration.ofMillis(10);

  private final ServerSocket listening;
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition passable = lock.newCondition();
  private boolean blocked;
  private volatile Duration delay = Duration.ZERO;

  /**
   * Listens on a free port.
   *
   * @param target the server's; it need not be there yet
   */
  TcpProxy(int target) {
    this.target = target;
    try {
      listening = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start(this::accept, "accept");
  }

  /** Where clients reach it. */
  int port() {
    return listening.getLocalPort();
  }

  /**
   * Has each piece of what is said wait.
   *
   * @param more zero for not at all
   */
  void delay(Duration more) {
    delay = more;
  }

  /** From now on nothing comes through; connections are made all the same. */
  void block() {
    lock.lock();
    try {
      blocked = true;
    } finally {
      lock.unlock();
    }
  }

  /** What was kept back goes on its way. */
  void unblock() {
    lock.lock();
    try {
      blocked = false;
      passable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Both ends of all connections see a reset; what was kept back is lost. */
  void reset() {
    List<Socket> now = List.copyOf(open); // one that comes meanwhile is none of these
    now.forEach(TcpProxy::resetAtClose); // all of them first: a pump closes the other end, too
    now.forEach(this::hangUp);
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        open.add(client);
        start(() -> connect(client), "connect");
      } catch (IOException e) {
        if (!listening.isClosed()) {
          Pause.of(AFTER_FAILURE); // out of descriptors, say
        }
      }
    }
  }

  private void connect(Socket client) {
    try {
      awaitPassable();
      Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
      open.add(server);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      if (!open.contains(client)) { // reset meanwhile
        hangUp(server);
        hangUp(client);
        return;
      }
      start(() -> pump(client, server), "to " + target);
      pump(server, client);
    } catch (IOException e) {
      hangUp(client);
    }
  }

  private void pump(Socket from, Socket to) {
    byte[] chunk = new byte[CHUNK];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
        Pause.of(delay);
        awaitPassable();
        out.write(chunk, 0, read);
      }
    } catch (IOException e) {
      // One end is gone, and the other shall know.
    }
    hangUp(from);
    hangUp(to);
  }

  private void awaitPassable() {
    lock.lock();
    try {
      while (blocked) {
        passable.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private void hangUp(Socket socket) {
    open.remove(socket);
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed.
    }
  }

  private static void resetAtClose(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
    } catch (SocketException e) {
      // It is closed already.
    }
  }

  private static void start(Runnable work, String name) {
    Thread thread = new Thread(work, "proxy " + name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    try {
      listening.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    reset();
    unblock();
  }
}
