import type { Rights } from "../cluster/rbac.ts";
import type { Location, ServiceContext } from "../cluster/kube/service-context.ts";
import type {
  RevisionState,
  SplitChange,
  SplitForm,
  SplitState,
  SplitTarget,
} from "../traffic/split/split.ts";
import type { KnTarget } from "../traffic/kn/target.ts";

/** Reads and writes the split of one service, and reports when it is in force. */
export interface Engine {
  readonly name: string;
  readonly location: Location;
  readonly service: string;
  /** The place of the split, to be shown: a file and line, or an object of a cluster. */
  readonly place: string;
  read(): Promise<SplitState>;
  /**
   * Writes a split over the one with this version, and records the author and the reason.
   * Resolves when it is written, which is before the data plane has it.
   * @throws SplitChanged when the version is not the current one; nothing is written then
   */
  write(targets: readonly SplitTarget[], version: string, by: string): Promise<SplitState>;
  /** Resolves when every proxy routes by the written split; `ms` is the time it took. */
  inForce(signal: AbortSignal): Promise<{ ms: number }>;
  /** The revisions of the service, in the order in which they were made. */
  revisions(): Promise<RevisionState[]>;
  /** Why no header can lead to a revision here, and what to do; undefined, or without this, where one can. */
  previewRefusal?(): Promise<string | undefined>;
  /** The address of a revision by its tag, for any split. @throws UserError, NothingRuns when there is none */
  addressOf?(tag: string): Promise<RevisionAddress>;
}

/** The address of one revision. Disposing of it closes the connections that were opened to reach it. */
export interface RevisionAddress extends Disposable {
  url: string;
  /** The `host` header of its requests. */
  host: string;
}

/** An engine with a history of the changes by this tool. */
export interface RecordedEngine extends Engine {
  /**
   * @param undo whether the write reverts the last change @default false
   * @param form the form of the split from now on @default the current form
   * @throws CannotWrite when the engine cannot keep it so
   */
  write(
    targets: readonly SplitTarget[],
    version: string,
    by: string,
    undo?: boolean,
    form?: SplitForm,
  ): Promise<SplitState>;
  /** Why the engine cannot keep the split in a form, and what to do; undefined where it can. */
  formRefusal?(form: SplitForm): Promise<string | undefined>;
  /** The latest changes by this tool, the oldest first. */
  changes(): Promise<SplitChange[]>;
  /** Whether the engine can tell now which revisions are ready; false where nothing runs. */
  runs(): Promise<boolean>;
  /** The split in force, where it can differ from the written one; undefined where nothing runs. */
  live(): Promise<readonly SplitTarget[] | undefined>;
  /**
   * What the engine itself reports: the traffic it has taken, each target with its revision, and the latest ready
   * revision. Only where that is more than what is written: kn's remainder goes by it.
   */
  status?(): Promise<{ traffic: KnTarget[]; latest: string | undefined } | undefined>;
  /** Whether it splits Deployments: files of a Knative Service of the same name are about another service. @default false */
  readonly splitsDeployments?: boolean;
  /** The rights in the cluster that the engine needs; undefined where it needs none. */
  readonly rights?: Rights;
}

/** The result of `detect` when the engine does not carry the split of a service. */
export interface NotCarried {
  /** Why, as a sentence. */
  because: string;
}

/** A kind of engine, as the registry lists it. */
export interface EngineDefinition {
  readonly name: string;
  /** For the help: what decides the split. */
  readonly summary: string;
  readonly location: Location;
  /**
   * The engine if it carries the split of a service now; else why it does not.
   * @throws NoCluster, Unreachable when the cluster cannot be asked
   */
  detect(context: ServiceContext): Promise<RecordedEngine | NotCarried>;
  /**
   * The engine, because the user named it.
   * @throws UserError, CannotWrite, InvalidManifests, NoCluster, Unreachable when it cannot carry the split
   */
  open(context: ServiceContext): Promise<RecordedEngine>;
}
