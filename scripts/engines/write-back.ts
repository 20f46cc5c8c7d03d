import type { ServiceContext } from "../cluster/kube/service-context.ts";
import { revisionPercents, sameSplit } from "../traffic/split/diff.ts";
import { CannotWrite, type SplitState } from "../traffic/split/split.ts";
import type { RecordedEngine } from "./engine.ts";
import { FILES_ENGINE } from "./registry.ts";

type Shares = Pick<SplitState, "targets" | "header">;

/** A split in the files, after the cluster's was written there. */
export interface WrittenBack {
  /** The file and line. */
  place: string;
  /** Whether the file changed; it did not if it had this split already. */
  changed: boolean;
}

/** The files of a folder that take over the split of a cluster, for git. */
export class SplitFiles {
  readonly #files: RecordedEngine;

  private constructor(files: RecordedEngine) {
    this.#files = files;
  }

  /** @throws UnknownService, CannotWrite, InvalidManifests if the folder's files do not describe the service */
  static async open(context: ServiceContext): Promise<SplitFiles> {
    return new SplitFiles(await FILES_ENGINE.open(context));
  }

  /** @throws CannotWrite if the files cannot express a split, because of its revisions or its form */
  async check({ targets, header }: Shares): Promise<void> {
    const known = (await this.#files.revisions()).map(({ name }) => name);
    const unknown = [...revisionPercents(targets)].find(
      ([name, percent]) => percent > 0 && !known.includes(name),
    );
    if (unknown !== undefined)
      throw new CannotWrite(
        `--write: the files have no revision ${unknown[0]}, so ${this.#files.place} cannot give it a share; they have ${known.join(", ")}.`,
      );
    const refusal = await this.#files.formRefusal?.({ header });
    if (refusal !== undefined) throw new CannotWrite(`--write: ${refusal}`);
  }

  /**
   * Writes a split into the files, and keeps their comments.
   * @throws CannotWrite if they cannot express it; SplitChanged if they are edited in the meantime
   */
  async write(split: Shares, by: string): Promise<WrittenBack> {
    await this.check(split);
    const { targets, header } = split;
    const before = await this.#files.read();
    const changed = !sameSplit(before.targets, targets) || before.header !== header;
    if (changed) await this.#files.write(targets, before.version, by, false, { header });
    return { place: this.#files.place, changed };
  }
}

/** Describes the write in a sentence. */
export function writtenBackLine({ place, changed }: WrittenBack): string {
  return changed ? `Written to ${place}, for git.` : `${place} has this split already.`;
}
