package dev.ducat.torture.machine;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * A run as a picture: goodput, latency, open questions and faults, one below the other over the
 * same seconds.
 */
final class TimelinePicture {
  private static final int WIDTH = 1_400;
  private static final int HEADER = 46;
  private static final int PANEL = 250;
  private static final int ROW = 19;
  private static final int RIGHT = 16;
  private static final int PADDING = 6;
  private static final double LATENCY_MIN = 1;

  /** A p99 wants some hundred calls. */
  private static final int LATENCY_BINS = 5;

  /** Wide enough for every panel's labels, so that all begin at the same second. */
  private static final int LEFT = 120;

  private static final Color GRID = new Color(0xE3E6EA);
  private static final Color INK = new Color(0x2B2F36);
  private static final Color BLUE = new Color(0x1F5FA8);
  private static final Color ORANGE = new Color(0xD9711A);
  private static final Color RED = new Color(0xB3261E);
  private static final Color GRAY = new Color(0x8A929C);
  private static final Color GREEN = new Color(0x2E7D4F);
  private static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);

  private final Timeline timeline;
  private final List<Struck> faults;
  private final double end;

  /** Length of the bins, so that a run of any length has some hundreds. */
  private final double bin;

  private final int bins;

  private TimelinePicture(Timeline timeline, List<Struck> faults, double end) {
    this.timeline = timeline;
    this.faults = faults;
    this.end = end;
    this.bin = Math.max(1, Math.ceil(end / 700));
    this.bins = Math.max(1, (int) Math.ceil(end / bin));
  }

  /** Writes a PNG file. */
  static void write(Path file, String title, Timeline timeline, List<Struck> faults)
      throws IOException {
    double end =
        timeline.calls().stream().mapToDouble(Timeline.Call::ended).max().orElse(timeline.now());
    BufferedImage image = new TimelinePicture(timeline, faults, end).draw(title);
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    ImageIO.write(image, "png", file.toFile());
  }

  /** A panel on the page: where its plot begins and ends, once it is painted. */
  private record Panel(XYChart chart, double bottom, int top) {
    void paint(Graphics2D page) {
      Graphics2D part = (Graphics2D) page.create(0, top, WIDTH - RIGHT, PANEL);
      chart.paint(part, WIDTH - RIGHT, PANEL);
      part.dispose();
    }

    void band(Graphics2D page, int from, int width) {
      int below = (int) chart.getScreenYFromChart(bottom);
      page.fillRect(from, top + PADDING, width, below - PADDING);
    }
  }

  private BufferedImage draw(String title) {
    List<String> names = faults.stream().map(Struck::fault).distinct().sorted().toList();
    int height = HEADER + 3 * PANEL + (names.isEmpty() ? 0 : ROW * (names.size() + 1)) + 12;
    BufferedImage image = new BufferedImage(WIDTH, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D page = image.createGraphics();
    page.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    page.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    page.setColor(Color.WHITE);
    page.fillRect(0, 0, WIDTH, height);
    page.setColor(INK);
    page.setFont(TEXT.deriveFont(Font.BOLD, 17f));
    page.drawString(title, LEFT, 30);
    List<Panel> panels =
        List.of(
            new Panel(goodput(), 0, HEADER),
            new Panel(latency(), LATENCY_MIN, HEADER + PANEL),
            new Panel(doubts(), 0, HEADER + 2 * PANEL));
    panels.forEach(panel -> panel.paint(page));
    faults(page, names, panels, HEADER + 3 * PANEL);
    page.dispose();
    return image;
  }

  private XYChart goodput() {
    double[] begun = new double[bins];
    timeline.begun().forEach(moment -> begun[binOf(moment)] += 1 / bin);
    double[] good = new double[bins];
    double[] bad = new double[bins];
    for (Timeline.Call call : timeline.calls()) {
      double[] counts = call.good() ? good : bad;
      if (!call.outcome().equals("ended")) {
        counts[binOf(call.ended())] += 1 / bin;
      }
    }
    XYChart chart = chart("per second");
    line(chart, "payments begun", begun, GRAY, XYSeriesRenderStyle.Step);
    line(chart, "calls answered", good, GREEN, XYSeriesRenderStyle.Step);
    line(chart, "calls without an answer", bad, RED, XYSeriesRenderStyle.Step);
    chart.getStyler().setYAxisMin(0.0);
    return chart;
  }

  private XYChart latency() {
    List<List<Double>> inBin = new ArrayList<>();
    for (int i = 0; i <= bins / LATENCY_BINS; i++) {
      inBin.add(new ArrayList<>());
    }
    for (Timeline.Call call : timeline.calls()) {
      if (!call.method().startsWith("Watch") && !call.silent()) {
        inBin.get(binOf(call.ended()) / LATENCY_BINS).add(call.ms());
      }
    }
    XYChart chart = chart("latency of calls, ms");
    line(
        chart,
        "p99, without payments whose PSP stays silent",
        per(inBin, all -> quantile(all, 0.99)),
        ORANGE,
        XYSeriesRenderStyle.Line);
    line(chart, "p50", per(inBin, all -> quantile(all, 0.5)), BLUE, XYSeriesRenderStyle.Line);
    chart.getStyler().setYAxisLogarithmic(true).setYAxisMin(LATENCY_MIN).setYAxisMax(10_000.0);
    return chart;
  }

  private XYChart doubts() {
    double[] open = new double[bins];
    for (Timeline.Wait wait : timeline.waits()) {
      if (wait.doubted()) {
        for (int i = binOf(wait.doubt()); i <= binOf(wait.ended()); i++) {
          open[i]++;
        }
      }
    }
    XYChart chart = chart("requests in doubt");
    line(chart, "outcome unknown to the client", open, RED, XYSeriesRenderStyle.Step);
    double top = Math.max(2, Arrays.stream(open).max().orElse(2) * 1.2);
    chart.getStyler().setYAxisMin(0.0).setYAxisMax(top);
    chart.setXAxisTitle("seconds since the load began");
    return chart;
  }

  private static double[] per(List<List<Double>> inBin, ToDoubleFunction<List<Double>> value) {
    return inBin.stream()
        .mapToDouble(all -> all.isEmpty() ? Double.NaN : value.applyAsDouble(all))
        .toArray();
  }

  static double quantile(List<Double> all, double share) {
    List<Double> sorted = all.stream().sorted().toList();
    int place = (int) Math.ceil(share * sorted.size()) - 1;
    return Math.max(1, sorted.get(Math.max(0, place)));
  }

  private int binOf(double second) {
    return Math.clamp((long) (second / bin), 0, bins - 1);
  }

  private XYChart chart(String what) {
    XYChart chart =
        new XYChartBuilder().width(WIDTH - RIGHT).height(PANEL).yAxisTitle(what).build();
    chart
        .getStyler()
        .setXAxisMin(0.0)
        .setXAxisMax(end)
        .setXAxisDecimalPattern("#,##0")
        .setYAxisDecimalPattern("#,##0")
        .setAxisTitleFont(TEXT)
        .setAxisTickLabelsFont(TEXT.deriveFont(12f))
        .setPlotGridLinesColor(GRID)
        .setPlotMargin(0)
        .setXAxisTitleVisible(true);
    chart
        .getStyler()
        .setYAxisLeftWidthHint(LEFT)
        .setPlotContentSize(1.0)
        .setPlotBackgroundColor(Color.WHITE)
        .setChartBackgroundColor(Color.WHITE)
        .setChartTitleVisible(false)
        .setChartPadding(PADDING)
        .setLegendFont(TEXT)
        .setLegendBorderColor(Color.WHITE)
        .setLegendLayout(LegendLayout.Horizontal)
        // Above or below the plot it cannot cover data.
        .setLegendPosition(LegendPosition.OutsideS);
    return chart;
  }

  private void line(
      XYChart chart, String name, double[] values, Color color, XYSeriesRenderStyle style) {
    double width = bin * (values.length == bins ? 1 : LATENCY_BINS);
    double[] seconds = new double[values.length];
    for (int i = 0; i < seconds.length; i++) {
      seconds[i] = Math.min(end, (i + (style == XYSeriesRenderStyle.Step ? 0 : 0.5)) * width);
    }
    XYSeries series = chart.addSeries(name, seconds, values);
    series.setXYSeriesRenderStyle(style);
    series.setLineColor(color);
    series.setLineStyle(new BasicStroke(1.6f));
    series.setMarker(SeriesMarkers.NONE);
  }

  /** Bands through all panels, and below them a row for each kind of fault with its name. */
  private void faults(Graphics2D page, List<String> names, List<Panel> panels, int top) {
    page.setFont(TEXT.deriveFont(12f));
    page.setColor(INK);
    for (String name : names) {
      page.drawString(name, PADDING + 2, top + names.indexOf(name) * ROW + ROW - 5);
    }
    // The charts know where their seconds lie only now that they are painted.
    XYChart axis = panels.getFirst().chart();
    for (Struck one : faults) {
      int row = names.indexOf(one.fault());
      Color color = Color.getHSBColor(row / (float) Math.max(1, names.size()), 0.65f, 0.80f);
      int from = (int) axis.getScreenXFromChart(one.at());
      int to = (int) Math.ceil(axis.getScreenXFromChart(Math.min(end, one.healed())));
      int width = Math.max(2, to - from);
      page.setColor(new Color(color.getRed(), color.getGreen(), color.getBlue(), 46));
      panels.forEach(panel -> panel.band(page, from, width));
      page.setColor(color);
      panels.forEach(panel -> panel.band(page, from, 1));
      page.fillRect(from, top + row * ROW + 3, width, ROW - 6);
    }
  }
}
