package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PeerTest {

  private static final Path PEERS = Path.of("peers");

  @ParameterizedTest
  @EnumSource
  void versionInResultsIsTheOneThatIsMeasured(Peer peer) throws IOException {
    assertThat(PEERS.resolve(peer.label()).resolve("pom.xml"))
        .content()
        .contains("<version>" + peer.version() + "</version>");
  }

  @ParameterizedTest
  @EnumSource
  void programIsThere(Peer peer) {
    Path source =
        PEERS
            .resolve(peer.label())
            .resolve("src/main/java")
            .resolve(peer.main().replace('.', '/') + ".java");
    assertThat(Files.exists(source)).as("%s", source).isTrue();
  }
}
