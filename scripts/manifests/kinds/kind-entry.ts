import type { TSchema } from "typebox";
import type { FieldPath } from "../document.ts";

/**
 * The stages of a deployment, in order. An object refers to objects of its own stage or of an earlier one; a removal goes
 * through the stages in reverse.
 */
export const DEPLOY_STAGES = ["namespace", "dependency", "policy", "workload", "route"] as const;

type DeployStage = (typeof DEPLOY_STAGES)[number];

/** A kind of object that `deploy` applies. */
export interface DeployedKind {
  /** As the API writes it; any version of its group is read. */
  apiVersion: string;
  kind: string;
  stage: DeployStage;
}

/** A kind of object that this tool reads. */
export interface KindEntry extends DeployedKind {
  /** The fields that the API accepts, with marks for those that the local mesh implements. */
  schema: TSchema;
  /** Whether the local mesh acts on it. The others are for `lint`. */
  local: boolean;
  /** Whether several files may describe one object: the successive states of a Knative Service, a shared Namespace. */
  mayRepeat: boolean;
  /** Whether `equal` compares the routes that are compiled from it, and not the object. */
  routes: boolean;
  /** Whether `lint` leaves it to the API server. @default false */
  unlinted?: true;
  /** Adapts an object that the local mesh cannot serve as written, in lenient mode. @default none */
  adapt?: (object: unknown) => Adapted | undefined;
  /** Of a kind with other uses, the objects that are read. @default all */
  reads?: (object: Readonly<Record<string, unknown>>) => boolean;
}

/** An object as the local mesh serves it, if that differs from the file. */
export interface Adapted {
  value: unknown;
  /** The differences, by fields of the file. */
  differences: { path: FieldPath; message: string }[];
  /** The path in the file of a path in `value`. */
  pathInFile: (path: FieldPath) => FieldPath;
}
