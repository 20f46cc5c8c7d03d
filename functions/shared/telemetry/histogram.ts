/** One combination of labels of a histogram. */
export interface Series {
  observe(value: number): void;
}

/** A histogram for Prometheus. */
export interface Histogram {
  /** Creates the series of these label values, in the order of the histogram's names. */
  series(...values: readonly string[]): Series;
  /** The whole histogram in the text format of Prometheus. */
  text(): string;
}

/** The description of a histogram. */
export interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** The upper bounds of its buckets, ascending; `+Inf` is added. */
  readonly bounds: readonly number[];
}

/**
 * Makes a histogram. The caller keeps a reference to a series, so that an observation is two additions without a look-up by
 * labels, which would cost more than the rest of a small request.
 */
export function createHistogram({ name, help, labels, bounds }: HistogramOptions): Histogram {
  const all: (() => string)[] = [];

  return {
    series(...values) {
      const named = labels.map((label, i) => `${label}="${escapedLabel(values[i] ?? "")}"`).join(",");
      const counts = Array.from({ length: bounds.length + 1 }, () => 0);
      let sum = 0;
      all.push(() => {
        let below = 0;
        const buckets = counts.map((count, i) => {
          below += count;
          return `${name}_bucket{le="${bounds[i] ?? "+Inf"}",${named}} ${below}\n`;
        });
        return `${buckets.join("")}${name}_sum{${named}} ${sum}\n${name}_count{${named}} ${below}\n`;
      });
      return {
        observe(value) {
          let i = 0;
          while (i < bounds.length && value > (bounds[i] as number)) i++;
          counts[i] = (counts[i] as number) + 1;
          sum += value;
        },
      };
    },
    text: () => `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${all.map((write) => write()).join("")}`,
  };
}

/** A label's value in the text format: backslash, quote and line feed are escaped. */
export function escapedLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}
