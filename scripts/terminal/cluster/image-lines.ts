import { LiveTree, type LiveTreeOptions } from "../live-tree.ts";
import { type Style, styleFor } from "../style.ts";

export interface ImageLinesOptions extends Omit<LiveTreeOptions, "stream"> {
  /** @default what suits the stream */
  style?: Style;
}

/** A line for each image that is being built, with its current stage. */
export class ImageLines {
  readonly #tree: LiveTree;
  readonly #dim: (text: string) => string;
  readonly #lines = new Map<string, { what: string; passing: string }>();

  constructor(stream: NodeJS.WriteStream, options: ImageLinesOptions = {}) {
    const { style = styleFor(stream), ...rest } = options;
    this.#tree = new LiveTree({ ...rest, stream });
    this.#dim = style.dim;
  }

  readonly show = (name: string, what: string, passing = ""): void => {
    this.#lines.set(name, { what, passing });
    this.#tree.update(
      [...this.#lines].map(([each, line]) => ({
        text: `${each}: ${line.what}`,
        passing: line.passing === "" ? "" : this.#dim(line.passing),
      })),
    );
  };

  end(): void {
    this.#tree.end();
  }
}
