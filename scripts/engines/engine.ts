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
   * Overwrites the split of this version, and records the author and the reason. Resolves when it is written, which
   * is before the data plane applies it.
   * @throws SplitChanged if the version is not the current one; nothing is written then
   */
  write(targets: readonly SplitTarget[], version: string, by: string): Promise<SplitState>;
  /** Resolves when every proxy routes by the written split; `ms` is the time it took. */
  inForce(signal: AbortSignal): Promise<{ ms: number }>;
  /** The revisions of the service, in the order in which they were made. */
  revisions(): Promise<RevisionState[]>;
  /** Returns why no header can route to a revision here, with a remedy; undefined, or absent, if one can. */
  previewRefusal?(): Promise<string | undefined>;
  /** Returns the address of a revision by its tag, for any split. @throws UserError, NothingRuns if there is none */
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
   * @param undo whether the write reverts the last change
   * @default false
   * @param form the form of the split from now on
   * @default the current form
   * @throws CannotWrite if the engine cannot store it so
   */
  write(
    targets: readonly SplitTarget[],
    version: string,
    by: string,
    undo?: boolean,
    form?: SplitForm,
  ): Promise<SplitState>;
  /** Returns why the engine cannot store the split in a form, with a remedy; undefined if it can. */
  formRefusal?(form: SplitForm): Promise<string | undefined>;
  /** The latest changes by this tool, the oldest first. */
  changes(): Promise<SplitChange[]>;
  /** Returns whether the engine knows now which revisions are ready; false if nothing runs. */
  runs(): Promise<boolean>;
  /** Returns the split in force if it can differ from the written one; undefined if nothing runs. */
  live(): Promise<readonly SplitTarget[] | undefined>;
  /**
   * Returns the engine's own report: the accepted traffic, each target with its revision, and the latest ready
   * revision. Only if that is more than the written split: kn's remainder depends on it.
   */
  status?(): Promise<{ traffic: KnTarget[]; latest: string | undefined } | undefined>;
  /** Whether it splits Deployments: files of a Knative Service of the same name are about another service. @default false */
  readonly splitsDeployments?: boolean;
  /** The rights in the cluster that the engine needs; undefined if it needs none. */
  readonly rights?: Rights;
}

/** The result of `detect` if the engine does not own the split of a service. */
export interface NotCarried {
  /** Why, as a sentence. */
  because: string;
}

/** A kind of engine, as the registry lists it. */
export interface EngineDefinition {
  readonly name: string;
  /** The owner of the split, for the help. */
  readonly summary: string;
  readonly location: Location;
  /**
   * Returns the engine if it owns the split of a service now, else why it does not.
   * @throws NoCluster, Unreachable if the cluster cannot be queried
   */
  detect(context: ServiceContext): Promise<RecordedEngine | NotCarried>;
  /**
   * Returns the engine, because the user named it.
   * @throws UserError, CannotWrite, InvalidManifests, NoCluster, Unreachable if it cannot own the split
   */
  open(context: ServiceContext): Promise<RecordedEngine>;
}
