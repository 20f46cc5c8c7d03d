// Answers sides, a line of JSON each, with the Envoy configuration that istiod generates for them: its own config store,
// push context and generators run in this process, and only the cluster behind them is played. Each object is validated
// by istiod's own webhook code first. test/oracle/pilot.ts puts this file into a copy of Istio's module and builds it there.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	kubecontroller "istio.io/istio/pilot/pkg/serviceregistry/kube"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"
)

// side is a set of objects and the proxies whose configuration is asked for.
type side struct {
	Config   string   `json:"config"`
	Services []string `json:"services"`
	Proxies  []proxy  `json:"proxies"`
}

// proxy is a sidecar or a router, which is a gateway.
type proxy struct {
	Name      string            `json:"name"`
	Type      string            `json:"type"`
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
}

// answer has Envoy's configuration for each proxy, or why istiod refuses the objects.
type answer struct {
	Refusal string               `json:"refusal,omitempty"`
	Proxies map[string]generated `json:"proxies,omitempty"`
}

type generated struct {
	Routes    []json.RawMessage `json:"routes"`
	Clusters  []json.RawMessage `json:"clusters"`
	Listeners []json.RawMessage `json:"listeners"`
}

func main() {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if len(strings.TrimSpace(string(line))) > 0 {
			var asked side
			if err := json.Unmarshal(line, &asked); err != nil {
				panic(err)
			}
			told, err := json.Marshal(answered(asked))
			if err != nil {
				panic(err)
			}
			_, _ = out.Write(append(told, '\n'))
			_ = out.Flush()
		}
		if err != nil {
			return
		}
	}
}

var created = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func answered(asked side) answer {
	services := make([]*model.Service, 0, len(asked.Services))
	for _, text := range asked.Services {
		service := corev1.Service{}
		if err := yaml.Unmarshal([]byte(text), &service); err != nil {
			return answer{Refusal: err.Error()}
		}
		if service.Namespace == "" {
			service.Namespace = "default"
		}
		services = append(services, kubecontroller.ConvertService(service, nil, "cluster.local", "Kubernetes", "cluster.local"))
	}
	configs, _, err := crd.ParseInputs(asked.Config)
	if err != nil {
		return answer{Refusal: err.Error()}
	}
	for i := range configs {
		// As the config store of a cluster has them; all were created at once.
		configs[i].Domain = "cluster.local"
		configs[i].CreationTimestamp = created
		if configs[i].Namespace == "" {
			configs[i].Namespace = "default"
		}
	}
	found := map[string]generated{}
	err = test.Wrap(func(t test.Failer) {
		world := core.NewConfigGenTest(t, core.TestOptions{Configs: configs, Services: services})
		for _, each := range asked.Proxies {
			node := &model.Proxy{
				Type:            model.NodeType(each.Type),
				ConfigNamespace: each.Namespace,
				Labels:          each.Labels,
				Metadata:        &model.NodeMetadata{Namespace: each.Namespace, IstioVersion: "1.31.0", Labels: each.Labels},
			}
			node = world.SetupProxy(node)
			listeners := world.Listeners(node)
			one := generated{}
			for _, l := range listeners {
				one.Listeners = append(one.Listeners, raw(l))
			}
			for _, r := range world.RoutesFromListeners(node, listeners) {
				one.Routes = append(one.Routes, raw(r))
			}
			for _, c := range world.Clusters(node) {
				if strings.HasPrefix(c.Name, "inbound|") || c.Name == "InboundPassthroughCluster" {
					continue
				}
				one.Clusters = append(one.Clusters, raw(c))
			}
			found[each.Name] = one
		}
	})
	if err != nil {
		return answer{Refusal: err.Error()}
	}
	return answer{Proxies: found}
}

func raw(message proto.Message) json.RawMessage {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	if err != nil {
		panic(err)
	}
	return text
}

