/** One line of a metrics page. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** Reads the samples of some metrics from a page in Prometheus' text format; other lines are ignored. */
export function readSamples(page: string, isWanted: (name: string) => boolean): Sample[] {
  const samples: Sample[] = [];
  for (const line of page.split("\n")) {
    const [, name = "", inBraces = "", value = ""] = LINE.exec(line) ?? [];
    if (name === "" || !isWanted(name)) continue;
    const labels = [...inBraces.matchAll(LABEL)].map(([, key = "", text = ""]) => [key, unescaped(text)]);
    samples.push({
      name,
      labels: Object.fromEntries(labels),
      value: Number(value.replace("Inf", "Infinity")),
    });
  }
  return samples;
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? +([-+.\w]+)/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, letter: string) => (letter === "n" ? "\n" : letter));
}
