// Answers cases, a line of JSON each, as the real kn does: its own command runs, and only the cluster behind it is
// played. What Knative's webhooks then make of the Service is added by their own functions. test/kn/real-kn.ts puts
// this file into a copy of kn's module and builds it there.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/client/pkg/kn/commands"
	"knative.dev/client/pkg/kn/commands/service"
	serving "knative.dev/client/pkg/serving/v1"
	"knative.dev/client/pkg/wait"
	"knative.dev/pkg/apis"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
)

const namespace = "default"

// question is a Service as the cluster has it, and the arguments after `kn service update NAME`.
type question struct {
	Service   string                    `json:"service"`
	Spec      []servingv1.TrafficTarget `json:"spec"`
	Status    []servingv1.TrafficTarget `json:"status"`
	Revisions []string                  `json:"revisions"`
	Latest    string                    `json:"latest"`
	Args      []string                  `json:"args"`
}

// answer has the traffic block, or why kn refused, or why the webhook did.
type answer struct {
	Traffic []servingv1.TrafficTarget `json:"traffic,omitempty"`
	Refusal string                    `json:"refusal,omitempty"`
	Webhook string                    `json:"webhook,omitempty"`
}

// cluster is what kn sees of one; what kn does not ask for here, it has not.
type cluster struct {
	serving.KnServingClient
	svc       *servingv1.Service
	revisions []string
	answer    answer
}

func (c *cluster) Namespace() string { return namespace }

func (c *cluster) GetService(context.Context, string) (*servingv1.Service, error) {
	return c.svc.DeepCopy(), nil
}

func (c *cluster) ListRevisions(context.Context, ...serving.ListConfig) (*servingv1.RevisionList, error) {
	list := &servingv1.RevisionList{}
	for _, name := range c.revisions {
		list.Items = append(list.Items, servingv1.Revision{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	return list, nil
}

func (c *cluster) GetBaseRevision(context.Context, *servingv1.Service) (*servingv1.Revision, error) {
	revision := &servingv1.Revision{ObjectMeta: metav1.ObjectMeta{Name: c.svc.Status.LatestReadyRevisionName}}
	revision.Spec = c.svc.Spec.Template.Spec
	return revision, nil
}

func (c *cluster) WaitForService(context.Context, string, serving.WaitConfig, wait.MessageCallback) (error, time.Duration) {
	return nil, 0
}

func (c *cluster) UpdateServiceWithRetry(ctx context.Context, _ string, update serving.ServiceUpdateFunc, _ int) (bool, error) {
	svc, err := update(c.svc.DeepCopy())
	if err != nil {
		return false, err
	}
	ctx = apis.WithinUpdate(ctx, c.svc)
	svc.SetDefaults(ctx)
	c.answer.Traffic = svc.Spec.Traffic
	within := servingv1.WithDefaultConfigurationName(apis.WithinSpec(ctx))
	if wrong := svc.Spec.RouteSpec.Validate(within).ViaField("spec"); wrong != nil {
		c.answer.Webhook = wrong.Error()
	}
	return true, nil
}

func ask(q question) answer {
	svc := &servingv1.Service{ObjectMeta: metav1.ObjectMeta{Name: q.Service, Namespace: namespace}}
	svc.Spec.Template.Spec.Containers = []corev1.Container{{Image: "dev.local/echo:1"}}
	svc.Spec.Traffic = q.Spec
	svc.Status.Traffic = q.Status
	svc.Status.LatestReadyRevisionName = q.Latest
	svc.SetDefaults(context.Background())
	c := &cluster{svc: svc, revisions: q.Revisions}
	params := &commands.KnParams{Output: io.Discard}
	params.NewServingClient = func(string) (serving.KnServingClient, error) { return c, nil }
	params.Initialize()
	cmd := service.NewServiceUpdateCommand(params)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetOut(io.Discard)
	cmd.SetArgs(append([]string{q.Service, "--namespace", namespace}, q.Args...))
	if err := cmd.Execute(); err != nil {
		return answer{Refusal: err.Error()}
	}
	return c.answer
}

func main() {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.More() {
		var q question
		if err := in.Decode(&q); err != nil {
			panic(err)
		}
		if err := out.Encode(ask(q)); err != nil {
			panic(err)
		}
	}
}
