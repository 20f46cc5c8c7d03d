import type { Change, DeployEvents } from "../../cluster/deploy/deploy.ts";
import type { ServiceView } from "../../cluster/workload/workload-view.ts";
import { drawWorkload } from "./draw-workload.ts";
import { LiveTree, type LiveTreeOptions } from "../live-tree.ts";
import { type Style, styleFor } from "../style.ts";

export interface DeployScreenOptions extends Omit<LiveTreeOptions, "stream"> {
  /** @default what suits the stream */
  style?: Style;
}

/** The output of `deploy`: a line for each object, and the tree of services while waiting for one. */
export class DeployScreen implements DeployEvents {
  readonly #tree: LiveTree;
  readonly #style: Style;
  #images = new Map<string, string>();

  constructor(stream: NodeJS.WriteStream, options: DeployScreenOptions = {}) {
    const { style = styleFor(stream), ...rest } = options;
    this.#tree = new LiveTree({ ...rest, stream });
    this.#style = style;
  }

  readonly onImage = (name: string, what: string, passing = ""): void => {
    this.#images.set(name, what);
    this.#tree.update(
      [...this.#images].map(([image, state]) => ({
        text: `image ${image}  ${state}`,
        passing: image === name ? passing : "",
      })),
    );
  };

  onChange(object: string, change: Change, note: string | undefined): void {
    this.#tree.say(
      `${this.#sign(change)} ${object}${note === undefined ? "" : `  ${this.#style.dim(note)}`}`,
    );
  }

  onView(view: ServiceView[]): void {
    this.#tree.update(drawWorkload(view, this.#style));
  }

  end(): void {
    this.#tree.end();
  }

  #sign(change: Change): string {
    const text = change.padEnd("in conflict".length);
    if (change === "in conflict") return this.#style.bad(text);
    return change === "created" || change === "changed" ? this.#style.good(text) : this.#style.dim(text);
  }
}
