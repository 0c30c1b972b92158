package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.Transport;
import java.util.List;

/** The application's one transport, told whose relay it works for. */
record InstallationTransport(Transport transport, String installation) implements Transport {

  @Override
  public String name() {
    return transport.name();
  }

  @Override
  public boolean inProcess() {
    return transport.inProcess();
  }

  @Override
  public boolean receiversReadSource() {
    return transport.receiversReadSource();
  }

  @Override
  public List<String> findings() {
    return transport.findings();
  }

  @Override
  public Session open(Leadership leadership) {
    return transport.open(new Named(leadership, installation));
  }

  private record Named(Leadership leadership, String installation) implements Leadership {

    @Override
    public long epoch() {
      return leadership.epoch();
    }

    @Override
    public boolean mayDispatch() {
      return leadership.mayDispatch();
    }
  }
}
