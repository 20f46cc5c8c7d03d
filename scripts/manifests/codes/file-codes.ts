import type { CodeEntry } from "./entry.ts";

/** Problems of reading files, and of the fields of any kind. */
export const FILE_CODES = {
  "yaml-syntax": {
    severity: "error",
    means: "the file is not valid YAML, so nothing in the document is read",
    fix: "correct the YAML at the line given",
  },
  "yaml-limit": {
    severity: "error",
    means: "the file is longer, or nested deeper, than any real manifest, and nothing of it is read",
    fix: "correct the brackets or the indentation, or split the file",
  },
  "unreadable-file": {
    severity: "error",
    means: "a file or folder that is named does not exist, or cannot be read",
    fix: "correct the name, or restore the file",
  },
  "kustomization-missing": {
    severity: "error",
    means: "a kustomization lists a folder that has no kustomization of its own",
    fix: "add a kustomization.yaml to the folder, or list its files",
  },
  "kustomization-cycle": {
    severity: "error",
    means: "a kustomization lists itself, directly or through another one",
    fix: "remove the entry that leads back",
  },
  "kustomization-build": {
    severity: "error",
    means:
      "a kustomization changes its objects, and neither kubectl nor kustomize could build it, so they are not read",
    fix: "install kubectl, or give the output of kubectl kustomize to ./kyc lint -",
  },
  "kustomization-form": {
    severity: "error",
    means: "a kustomization file holds exactly one document",
    fix: "keep one document that lists resources",
  },
  "not-an-object": {
    severity: "error",
    means: "the document is not a Kubernetes object, so no tool can apply it",
    fix: "give apiVersion, kind and metadata.name",
  },
  "unknown-kind": {
    severity: "error",
    means: "the kind is not one that this tool reads",
    fix: "correct the name, or keep the object outside the folders that the local mesh reads",
  },
  "ignored-kind": {
    severity: "warning",
    means: "the kind is not one that this tool reads, and the object is ignored",
    fix: "nothing, unless the object changes routes",
  },
  "api-version": {
    severity: "error",
    means: "the API group or version does not have this kind",
    fix: "write the apiVersion given",
  },
  "described-twice": {
    severity: "error",
    means: "two files describe the same object; applied to a cluster, the second replaces the first",
    fix: "keep one of the two",
  },
  "unknown-field": {
    severity: "error",
    means: "the API has no such field, so the API server rejects the object or drops the field",
    fix: "correct the name, or remove the field",
  },
  "refused-field": {
    severity: "error",
    means: "the API has the field and does not allow it here",
    fix: "follow the message, or remove the field",
  },
  "missing-field": {
    severity: "error",
    means: "a required field is not there",
    fix: "add the field",
  },
  "wrong-type": {
    severity: "error",
    means: "the value has another type than the field",
    fix: "write a value of the type given",
  },
  "wrong-value": {
    severity: "error",
    means: "the value is not one that the field allows",
    fix: "write a value that is allowed",
  },
  "cluster-form": {
    severity: "error",
    inLint: "warning",
    means:
      "the object is valid on a cluster, in a form that the local mesh does not read, such as a Gateway for TCP",
    fix: "try it on a cluster, or write it in the form given",
  },
  "local-mesh": {
    severity: "error",
    inLint: "warning",
    means: "the field is valid on a cluster; ./kyc dev does not act on it and so refuses the file",
    fix: "remove the field for the local mesh, or try it on a cluster",
  },
  "ignored-field": {
    severity: "warning",
    means: "the field is valid on a cluster; here it is ignored",
    fix: "nothing, unless the field matters for the result",
  },
} satisfies Record<string, CodeEntry>;
