package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class LinePlotTest {

  private static final List<LinePlot.Line> LINES =
      List.of(
          new LinePlot.Line(
              "bare",
              List.of(
                  new LinePlot.Point(0, 15_000, 14_000, 16_000),
                  new LinePlot.Point(1, 700, 700, 700))),
          new LinePlot.Line("a < b", List.of(new LinePlot.Point(1, 650, 300, 660))));

  private static Document parsed(boolean logarithmic) throws Exception {
    String svg =
        new LinePlot("Title", "x", "events/s", List.of("100", "1,000"), LINES, logarithmic).svg();
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void isAPictureThatNamesEverything(boolean logarithmic) throws Exception {
    Document svg = parsed(logarithmic);

    assertThat(svg.getDocumentElement().getTextContent())
        .contains("Title", "events/s", "100", "1,000", "bare", "a < b");
    assertThat(svg.getElementsByTagName("circle").getLength()).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void everyPointIsBetweenTheAxes(boolean logarithmic) throws Exception {
    NodeList circles = parsed(logarithmic).getElementsByTagName("circle");

    for (int index = 0; index < circles.getLength(); index++) {
      Element circle = (Element) circles.item(index);
      assertThat(Double.parseDouble(circle.getAttribute("cy"))).isBetween(64.0, 344.0);
      assertThat(Double.parseDouble(circle.getAttribute("cx"))).isBetween(80.0, 696.0);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void moreIsHigher(boolean logarithmic) throws Exception {
    NodeList circles = parsed(logarithmic).getElementsByTagName("circle");

    double first = Double.parseDouble(((Element) circles.item(0)).getAttribute("cy"));
    double second = Double.parseDouble(((Element) circles.item(1)).getAttribute("cy"));
    assertThat(first).isLessThan(second);
  }

  @Test
  void nothingIsShownOnAnAxisThatBeginsWithIt() {
    List<LinePlot.Line> lines =
        List.of(
            new LinePlot.Line(
                "stalled",
                List.of(new LinePlot.Point(0, 0, 0, 0), new LinePlot.Point(1, 900, 900, 900))));

    LinePlot plot = new LinePlot("Title", "x", "events/s", List.of("1", "2"), lines, true);

    assertThat(plot.logarithmic()).isFalse();
    assertThat(plot.svg()).contains("cy=\"344.0\"");
  }
}
