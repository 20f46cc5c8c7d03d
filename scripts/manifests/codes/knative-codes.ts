import type { CodeEntry } from "./entry.ts";

/** Problems of Knative Services and their revisions. */
export const KNATIVE_CODES = {
  "service-name-taken": {
    severity: "error",
    means: "Knative makes a Service for each service, tag and revision, and two of these have the same name",
    fix: "choose another name",
  },
  "external-name": {
    severity: "error",
    inLint: "warning",
    means: "an ExternalName Service leads to a host that the local mesh does not have",
    fix: "correct the name, or try it on a cluster",
  },
  "revision-twice": {
    severity: "error",
    means: "two files describe the same revision, and a revision never changes",
    fix: "give one of them a new name",
  },
  "revision-name": {
    severity: "error",
    means: "Knative's webhook refuses a revision name that does not begin with the name of its service and -",
    fix: "add the prefix",
  },
  "traffic-target": {
    severity: "error",
    means: "Knative's webhook refuses a traffic target that names no revision, or two ways to find one",
    fix: "give either revisionName or latestRevision: true",
  },
  "known-revision": {
    severity: "error",
    inLint: "warning",
    means: "a traffic block that names a revision which does not exist never comes into force",
    fix: "correct the name, or add the revision",
  },
  "tag-twice": {
    severity: "error",
    means: "Knative's webhook refuses a traffic block with two targets of the same tag",
    fix: "choose another tag",
  },
  "percents-sum": {
    severity: "error",
    means: "Knative's webhook refuses a traffic block whose percents do not sum to 100",
    fix: "make them sum to 100",
  },
  "earlier-traffic": {
    severity: "warning",
    means: "only the traffic block of a service's last file is in force",
    fix: "leave traffic to the last file",
  },
  visibility: {
    severity: "error",
    means: "Knative has no such visibility, and refuses the label",
    fix: "write cluster-local, or remove the label",
  },
  "reserved-variable": {
    severity: "error",
    means: "Knative sets the variable itself, and its webhook refuses another value",
    fix: "choose another name, or remove the variable",
  },
  "reserved-port": {
    severity: "error",
    means: "the queue proxy beside each container listens on some ports, which the container may not take",
    fix: "choose another port, for example 8080",
  },
  "variable-reference": {
    severity: "error",
    inLint: "warning",
    means: "the local mesh does not expand $(NAME) in the value of an environment variable",
    fix: "write the whole value, or try it on a cluster",
  },
  "scaling-place": {
    severity: "error",
    means: "Knative refuses an annotation for scaling on the service; it belongs to the revision template",
    fix: "move it to spec.template.metadata.annotations",
  },
  "scaling-annotation": {
    severity: "error",
    means: "Knative has no such scaling annotation, and refuses it",
    fix: "correct the name",
  },
  "scaling-limits": {
    severity: "error",
    means: "Knative refuses a max-scale below min-scale",
    fix: "raise max-scale, or lower min-scale",
  },
  "scaling-window": {
    severity: "error",
    means: "Knative refuses a scaling window shorter than 6 s or longer than 1 h",
    fix: "give 6s to 1h",
  },
  "program-missing": {
    severity: "error",
    means: "the local mesh finds no program for the image of a revision",
    fix: "correct the image, add the program, or name its command in dev.yaml",
  },
  "port-taken": {
    severity: "error",
    means: "dev.yaml gives two revisions one port, and on this machine only one of them can listen on it",
    fix: "let the program listen on PORT, or give each image its own port",
  },
  "rollout-target": {
    severity: "error",
    inLint: "warning",
    means: "the file of a rollout names a service, tag or revision that the files do not describe",
    fix: "correct the name, or add the version",
  },
  "rollout-steps": {
    severity: "error",
    means: "the steps of a rollout do not rise to 100, so that it cannot be planned",
    fix: "write increasing shares, the last of them 100",
  },
  "value-missing": {
    severity: "error",
    means: "a variable has its value from a Secret that no file describes",
    fix: "add the Secret, or write optional: true",
  },
  "no-container": {
    severity: "error",
    means: "a Knative Service without a container cannot be deployed",
    fix: "add spec.template with a container",
  },
  "revision-changed": {
    severity: "error",
    means: "the cluster runs the revision with another template, and a revision never changes",
    fix: "restore the old value, or give the changed template a new name",
  },
} satisfies Record<string, CodeEntry>;
