package dev.evenkeel.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Lines over named points as an SVG picture that needs nothing else: the median of each point, with
 * a bar from the least to the most where they differ. Points are equally far from each other,
 * whatever they are, because they usually grow by factors and may begin with nothing.
 *
 * @param xs the points, in order
 * @param logarithmic whether the vertical axis is, because the values differ by orders of magnitude
 */
record LinePlot(
    String title,
    String xLabel,
    String yLabel,
    List<String> xs,
    List<Line> lines,
    boolean logarithmic) {

  private static final int WIDTH = 720;
  private static final int HEIGHT = 400;
  private static final int LEFT = 80;
  private static final int RIGHT = 24;
  private static final int TOP = 64;
  private static final int BOTTOM = 56;
  private static final int CAP = 4;

  /** Told apart by everybody, in print as well. */
  private static final List<String> COLOURS = List.of("#666666", "#0072b2", "#d55e00", "#009e73");

  private static final List<String> DASHES = List.of("6 4", "none", "none", "2 3");

  LinePlot {
    // There is no place for nothing on such an axis.
    logarithmic =
        logarithmic
            && lines.stream()
                .flatMap(line -> line.points().stream())
                .allMatch(point -> point.min() > 0);
  }

  /** A line; points that were not measured are left out. */
  record Line(String name, List<Point> points) {}

  /**
   * A point.
   *
   * @param x index in {@link #xs}
   */
  record Point(int x, double median, double min, double max) {}

  String svg() {
    StringBuilder svg = new StringBuilder();
    add(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222222\">",
        WIDTH,
        HEIGHT,
        WIDTH,
        HEIGHT);
    add(svg, "<title>%s</title>", escaped(title));
    add(svg, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>", WIDTH, HEIGHT);
    add(svg, "<text x=\"%d\" y=\"22\" font-size=\"15\">%s</text>", LEFT, escaped(title));
    axes(svg);
    for (int index = 0; index < lines.size(); index++) {
      line(svg, lines.get(index), index);
    }
    legend(svg);
    add(svg, "</svg>");
    return svg.toString();
  }

  private void axes(StringBuilder svg) {
    for (double tick : ticks()) {
      add(
          svg,
          "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>",
          LEFT,
          WIDTH - RIGHT,
          y(tick),
          y(tick));
      add(
          svg,
          "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
          LEFT - 8,
          y(tick) + 4,
          String.format(Locale.ROOT, tick >= 10 || tick == 0 ? "%,.0f" : "%.1f", tick));
    }
    for (int index = 0; index < xs.size(); index++) {
      add(
          svg,
          "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
          x(index),
          HEIGHT - BOTTOM + 18,
          escaped(xs.get(index)));
    }
    add(
        svg,
        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>",
        (LEFT + WIDTH - RIGHT) / 2,
        HEIGHT - 14,
        escaped(xLabel));
    add(
        svg,
        "<text x=\"18\" y=\"%d\" text-anchor=\"middle\" transform=\"rotate(-90 18 %d)\">%s</text>",
        (TOP + HEIGHT - BOTTOM) / 2,
        (TOP + HEIGHT - BOTTOM) / 2,
        escaped(yLabel));
  }

  private void line(StringBuilder svg, Line line, int index) {
    String colour = COLOURS.get(index % COLOURS.size());
    StringBuilder points = new StringBuilder();
    for (Point point : line.points()) {
      points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(point.x()), y(point.median())));
    }
    add(
        svg,
        "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>",
        points.toString().strip(),
        colour,
        DASHES.get(index % DASHES.size()));
    for (Point point : line.points()) {
      double x = x(point.x());
      if (point.max() > point.min()) {
        add(
            svg,
            "<path d=\"M%.1f %.1fH%.1fM%.1f %.1fV%.1fM%.1f %.1fH%.1f\" stroke=\"%s\" fill=\"none\"/>",
            x - CAP,
            y(point.max()),
            x + CAP,
            x,
            y(point.max()),
            y(point.min()),
            x - CAP,
            y(point.min()),
            x + CAP,
            colour);
      }
      add(
          svg,
          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>",
          x,
          y(point.median()),
          colour);
    }
  }

  private void legend(StringBuilder svg) {
    int x = LEFT;
    for (int index = 0; index < lines.size(); index++) {
      String colour = COLOURS.get(index % COLOURS.size());
      add(
          svg,
          "<line x1=\"%d\" x2=\"%d\" y1=\"44\" y2=\"44\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>",
          x,
          x + 28,
          colour,
          DASHES.get(index % DASHES.size()));
      String name = lines.get(index).name();
      add(svg, "<text x=\"%d\" y=\"48\">%s</text>", x + 34, escaped(name));
      x += 34 + 7 * name.length() + 24;
    }
  }

  private double x(int index) {
    double width = WIDTH - LEFT - RIGHT;
    return LEFT + width * (index + 0.5) / xs.size();
  }

  private double y(double value) {
    double height = HEIGHT - TOP - BOTTOM;
    double share =
        logarithmic
            ? (Math.log10(value) - Math.log10(bottom()))
                / (Math.log10(top()) - Math.log10(bottom()))
            : value / top();
    return TOP + height * (1 - share);
  }

  private double highest() {
    return lines.stream()
        .flatMap(line -> line.points().stream())
        .mapToDouble(Point::max)
        .max()
        .orElse(1);
  }

  private double lowest() {
    return lines.stream()
        .flatMap(line -> line.points().stream())
        .mapToDouble(Point::min)
        .min()
        .orElse(0);
  }

  private double top() {
    if (logarithmic) {
      return Math.pow(10, Math.ceil(Math.log10(highest())));
    }
    double step = step();
    return step * Math.ceil(highest() / step);
  }

  /** Of a logarithmic axis; the others begin at 0. */
  private double bottom() {
    double power = Math.pow(10, Math.floor(Math.log10(lowest())));
    return power < top() ? power : top() / 10;
  }

  private List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    if (logarithmic) {
      for (double tick = bottom(); tick <= top() * 1.001; tick *= 10) {
        ticks.add(tick);
      }
    } else {
      double step = step();
      for (int index = 0; index * step <= top() * 1.001; index++) {
        ticks.add(index * step);
      }
    }
    return ticks;
  }

  /** Of 1, 2 or 5 times a power of ten, so that there are about five. */
  private double step() {
    double rough = highest() / 5;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double factor = rough / power;
    return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
  }

  private static void add(StringBuilder svg, String format, Object... arguments) {
    svg.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
