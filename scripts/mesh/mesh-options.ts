import type { Tracer } from "../../functions/shared/tracing/tracer.ts";
import type { Problem } from "../manifests/problem.ts";
import type { MeshView } from "./admin/admin.ts";
import type { Configuration } from "./configuration.ts";
import type { FaultsState } from "./faults/fault.ts";
import type { GatewayAddress } from "./gateways/open-ports.ts";
import type { Served } from "./relay/relay-options.ts";
import type { RevisionState } from "./revisions/runner.ts";

/** Receives the events of the mesh. */
export interface MeshEvents {
  /** A configuration came into force; `before` is undefined for the first one. */
  onApplied(now: Configuration, before: Configuration | undefined): void;
  /** An edit is valid, and comes into force when these revisions are ready. */
  onWaiting(revisions: string[]): void;
  /** An edit is not valid; the configuration in force stays. */
  onRejected(problems: readonly Problem[]): void;
  onRevision(name: string, state: RevisionState, detail: string): void;
  /** A line of a revision's output. */
  onLine(name: string, line: string): void;
  onServed(served: Served): void;
  /** Injected faults were changed. */
  onFaults?(state: FaultsState): void;
}

export interface MeshOptions {
  /** The folder that holds `knative`, `istio` and `functions`. */
  root: string;
  /** The port of the ingress gateway on 127.0.0.1; 0 chooses a free port. */
  port: number;
  /** The port of the cluster-local hosts. */
  localPort: number;
  /** Whether fields that the mesh does not implement are ignored, with a warning at each start and edit. */
  lenient?: boolean | undefined;
  /** Seeds the weighted choices: the same seed makes the same choices in the same order. */
  seed: number;
  /** See `RevisionPoolOptions`. */
  scalingSecondMs?: number;
  events: MeshEvents;
  /** The rollouts of this mesh's services, for its page. */
  rollouts?: MeshView["rollouts"];
  /** Begins the span of each request; undefined if traces are not exported. */
  tracer?: Tracer | undefined;
  /** Metrics that the mesh shows besides its own, in Prometheus' format. */
  metrics?: (() => Promise<string>) | undefined;
}

/** A process of a revision, and its port on 127.0.0.1. */
export interface MeshProcess {
  pid: number;
  port: number;
}

/** A running mesh. */
export interface Mesh {
  readonly port: number;
  readonly localPort: number;
  /** The addresses of Gateways' ports besides the main one. */
  readonly gateways: readonly GatewayAddress[];
  /** The configuration in force. */
  readonly loaded: Configuration;
  /** The processes of each revision that has any, by name. */
  processes(): Map<string, readonly MeshProcess[]>;
  /** Lets requests in flight finish, then stops every revision. */
  stop(): Promise<void>;
  /** Closes every connection and ends every process at once. */
  kill(): void;
}
