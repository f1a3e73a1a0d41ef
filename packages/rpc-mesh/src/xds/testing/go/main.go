// A management server made of go-control-plane, driven by lines of JSON: what to serve on standard input, what was asked
// on standard output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	commonfault "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/fault/v3"
	fault "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	router "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// One line of input.
type order struct {
	Version  string
	Clusters []struct {
		Name  string
		Hosts []string
		// A kind of cluster that nobody here knows.
		Bad bool
	}
	// Cluster of the only route.
	RouteTo string
}

// One line of output.
type heard struct {
	TypeURL string   `json:"typeUrl"`
	Version string   `json:"version"`
	Nonce   string   `json:"nonce"`
	Names   []string `json:"names"`
	Error   string   `json:"error"`
	Node    string   `json:"node"`
}

var output sync.Mutex

func tell(value any) {
	output.Lock()
	defer output.Unlock()
	line, err := json.Marshal(value)
	must(err)
	fmt.Println(string(line))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func pack(message proto.Message) *anypb.Any {
	packed, err := anypb.New(message)
	must(err)
	return packed
}

func ms(n int) *durationpb.Duration {
	return durationpb.New(time.Duration(n) * time.Millisecond)
}

func u32(n uint32) *wrapperspb.UInt32Value {
	return wrapperspb.UInt32(n)
}

func percent(n uint32) *core.RuntimeFractionalPercent {
	return &core.RuntimeFractionalPercent{DefaultValue: &typev3.FractionalPercent{Numerator: n}}
}

func labels(values map[string]any) *core.Metadata {
	fields, err := structpb.NewStruct(values)
	must(err)
	return &core.Metadata{FilterMetadata: map[string]*structpb.Struct{"envoy.lb": fields}}
}

func ads() *core.ConfigSource {
	return &core.ConfigSource{
		ResourceApiVersion:    core.ApiVersion_V3,
		ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
	}
}

func address(hostPort string) *core.Address {
	host, port, err := net.SplitHostPort(hostPort)
	must(err)
	number, err := strconv.Atoi(port)
	must(err)
	return &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address: host, PortSpecifier: &core.SocketAddress_PortValue{PortValue: uint32(number)},
	}}}
}

func newCluster(name string, bad bool) *cluster.Cluster {
	if bad {
		kind := &cluster.Cluster_CustomClusterType{Name: "aggregate"}
		return &cluster.Cluster{Name: name, ClusterDiscoveryType: &cluster.Cluster_ClusterType{ClusterType: kind}}
	}
	subset, err := structpb.NewStruct(map[string]any{"version": "v1"})
	must(err)
	tlsContext := &tlsv3.UpstreamTlsContext{
		Sni: "orders.example",
		CommonTlsContext: &tlsv3.CommonTlsContext{
			TlsCertificates: []*tlsv3.TlsCertificate{{
				CertificateChain: &core.DataSource{Specifier: &core.DataSource_Filename{Filename: "/c/cert.pem"}},
				PrivateKey:       &core.DataSource{Specifier: &core.DataSource_Filename{Filename: "/c/key.pem"}},
			}},
			ValidationContextType: &tlsv3.CommonTlsContext_ValidationContext{ValidationContext: &tlsv3.CertificateValidationContext{
				TrustedCa: &core.DataSource{Specifier: &core.DataSource_Filename{Filename: "/c/ca.pem"}},
				MatchTypedSubjectAltNames: []*tlsv3.SubjectAltNameMatcher{{
					SanType: tlsv3.SubjectAltNameMatcher_URI,
					Matcher: &matcher.StringMatcher{MatchPattern: &matcher.StringMatcher_Exact{Exact: "spiffe://td/orders"}},
				}},
			}},
		},
	}
	http2 := &httpv3.HttpProtocolOptions{UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{
		ExplicitHttpConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{},
		},
	}}
	return &cluster.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_EDS},
		EdsClusterConfig:     &cluster.Cluster_EdsClusterConfig{EdsConfig: ads()},
		ConnectTimeout:       ms(1500),
		LbPolicy:             cluster.Cluster_RING_HASH,
		LbConfig: &cluster.Cluster_RingHashLbConfig_{RingHashLbConfig: &cluster.Cluster_RingHashLbConfig{
			MinimumRingSize: wrapperspb.UInt64(512), MaximumRingSize: wrapperspb.UInt64(4096),
		}},
		CommonLbConfig: &cluster.Cluster_CommonLbConfig{HealthyPanicThreshold: &typev3.Percent{Value: 25}},
		CircuitBreakers: &cluster.CircuitBreakers{Thresholds: []*cluster.CircuitBreakers_Thresholds{{
			MaxConnections: u32(7), MaxPendingRequests: u32(8), MaxRequests: u32(9), MaxRetries: u32(10),
			RetryBudget: &cluster.CircuitBreakers_Thresholds_RetryBudget{
				BudgetPercent: &typev3.Percent{Value: 35}, MinRetryConcurrency: u32(4),
			},
		}}},
		OutlierDetection: &cluster.OutlierDetection{
			Consecutive_5Xx: u32(6), Interval: ms(2000), BaseEjectionTime: ms(3000), MaxEjectionPercent: u32(40),
			EnforcingConsecutiveGatewayFailure: u32(100), ConsecutiveGatewayFailure: u32(3),
			EnforcingSuccessRate: u32(0), MaxEjectionTime: ms(90000),
		},
		HealthChecks: []*core.HealthCheck{{
			Timeout: ms(500), Interval: ms(4000), UnhealthyThreshold: u32(3), HealthyThreshold: u32(2), AltPort: u32(9999),
			HealthChecker: &core.HealthCheck_HttpHealthCheck_{HttpHealthCheck: &core.HealthCheck_HttpHealthCheck{
				Path: "/health", Host: "health.example", Method: core.RequestMethod_HEAD,
				ExpectedStatuses: []*typev3.Int64Range{{Start: 200, End: 300}},
			}},
		}},
		LbSubsetConfig: &cluster.Cluster_LbSubsetConfig{
			FallbackPolicy: cluster.Cluster_LbSubsetConfig_DEFAULT_SUBSET, DefaultSubset: subset,
			SubsetSelectors: []*cluster.Cluster_LbSubsetConfig_LbSubsetSelector{{Keys: []string{"version", "canary"}}},
		},
		TransportSocket: &core.TransportSocket{
			Name: "envoy.transport_sockets.tls", ConfigType: &core.TransportSocket_TypedConfig{TypedConfig: pack(tlsContext)},
		},
		TypedExtensionProtocolOptions: map[string]*anypb.Any{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": pack(http2),
		},
	}
}

func newAssignment(name string, hosts []string) *endpoint.ClusterLoadAssignment {
	local := &endpoint.LocalityLbEndpoints{
		Locality: &core.Locality{Region: "r1", Zone: "z1"}, LoadBalancingWeight: u32(3),
	}
	backup := &endpoint.LocalityLbEndpoints{
		Locality: &core.Locality{Region: "r2"}, LoadBalancingWeight: u32(1), Priority: 1,
	}
	for i, host := range hosts {
		each := &endpoint.LbEndpoint{
			HostIdentifier:      &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: address(host), Hostname: "h" + strconv.Itoa(i)}},
			LoadBalancingWeight: u32(uint32(i + 1)),
			Metadata:            labels(map[string]any{"version": "v1", "canary": true, "shard": 7}),
		}
		if i == len(hosts)-1 {
			each.HealthStatus = core.HealthStatus_DRAINING
			backup.LbEndpoints = append(backup.LbEndpoints, each)
		} else {
			local.LbEndpoints = append(local.LbEndpoints, each)
		}
	}
	return &endpoint.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpoint.LocalityLbEndpoints{local, backup}}
}

func newFault() *fault.HTTPFault {
	return &fault.HTTPFault{
		Delay: &commonfault.FaultDelay{
			FaultDelaySecifier: &commonfault.FaultDelay_FixedDelay{FixedDelay: ms(250)},
			Percentage:         &typev3.FractionalPercent{Numerator: 5000, Denominator: typev3.FractionalPercent_TEN_THOUSAND},
		},
		Abort: &fault.FaultAbort{
			ErrorType:  &fault.FaultAbort_HttpStatus{HttpStatus: 418},
			Percentage: &typev3.FractionalPercent{Numerator: 10000, Denominator: typev3.FractionalPercent_MILLION},
		},
	}
}

func newRoutes(to string) *route.RouteConfiguration {
	text := func(exact string) *matcher.StringMatcher {
		return &matcher.StringMatcher{MatchPattern: &matcher.StringMatcher_Prefix{Prefix: exact}, IgnoreCase: true}
	}
	forward := &route.RouteAction{
		ClusterSpecifier: &route.RouteAction_Cluster{Cluster: to},
		Timeout:          ms(7000),
		RetryPolicy: &route.RetryPolicy{
			RetryOn: "5xx,retriable-status-codes", NumRetries: u32(4), PerTryTimeout: ms(900), RetriableStatusCodes: []uint32{425, 409},
			RetryBackOff: &route.RetryPolicy_RetryBackOff{BaseInterval: ms(20), MaxInterval: ms(120)},
		},
		HashPolicy: []*route.RouteAction_HashPolicy{
			{PolicySpecifier: &route.RouteAction_HashPolicy_Header_{Header: &route.RouteAction_HashPolicy_Header{HeaderName: "X-User"}}},
			{PolicySpecifier: &route.RouteAction_HashPolicy_ConnectionProperties_{ConnectionProperties: &route.RouteAction_HashPolicy_ConnectionProperties{SourceIp: true}}},
		},
		RegexRewrite: &matcher.RegexMatchAndSubstitute{
			Pattern: &matcher.RegexMatcher{Regex: "^/api/(.*)"}, Substitution: `/v2/\1`,
		},
		HostRewriteSpecifier:  &route.RouteAction_AutoHostRewrite{AutoHostRewrite: wrapperspb.Bool(true)},
		MetadataMatch:         labels(map[string]any{"version": "v1"}),
		RequestMirrorPolicies: []*route.RouteAction_RequestMirrorPolicy{{Cluster: to, RuntimeFraction: percent(25)}},
	}
	matched := &route.RouteMatch{
		PathSpecifier: &route.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: "/api"},
		CaseSensitive: wrapperspb.Bool(false),
		Headers: []*route.HeaderMatcher{
			{Name: ":method", HeaderMatchSpecifier: &route.HeaderMatcher_StringMatch{StringMatch: &matcher.StringMatcher{MatchPattern: &matcher.StringMatcher_Exact{Exact: "GET"}}}},
			{Name: "X-Tenant", HeaderMatchSpecifier: &route.HeaderMatcher_StringMatch{StringMatch: text("Gold")}, InvertMatch: true},
			{Name: "X-Size", HeaderMatchSpecifier: &route.HeaderMatcher_RangeMatch{RangeMatch: &typev3.Int64Range{Start: -5, End: 10}}},
		},
		QueryParameters: []*route.QueryParameterMatcher{{Name: "debug", QueryParameterMatchSpecifier: &route.QueryParameterMatcher_PresentMatch{PresentMatch: true}}},
		RuntimeFraction: percent(60),
	}
	weighted := &route.RouteAction{ClusterSpecifier: &route.RouteAction_WeightedClusters{WeightedClusters: &route.WeightedCluster{
		Clusters: []*route.WeightedCluster_ClusterWeight{
			{Name: to, Weight: u32(90)}, {Name: "canary", Weight: u32(10), MetadataMatch: labels(map[string]any{"canary": true})},
		},
	}}}
	moved := &route.RedirectAction{
		HostRedirect: "new.example", PortRedirect: 8443, ResponseCode: route.RedirectAction_PERMANENT_REDIRECT, StripQuery: true,
		SchemeRewriteSpecifier: &route.RedirectAction_HttpsRedirect{HttpsRedirect: true},
		PathRewriteSpecifier:   &route.RedirectAction_PrefixRewrite{PrefixRewrite: "/new"},
	}
	gone := &route.DirectResponseAction{Status: 410, Body: &core.DataSource{Specifier: &core.DataSource_InlineString{InlineString: "gone"}}}
	prefix := func(path string) *route.RouteMatch {
		return &route.RouteMatch{PathSpecifier: &route.RouteMatch_Prefix{Prefix: path}}
	}
	add := []*core.HeaderValueOption{{
		Header: &core.HeaderValue{Key: "X-Mesh", Value: "100%%"}, AppendAction: core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}}
	return &route.RouteConfiguration{
		Name: "main",
		VirtualHosts: []*route.VirtualHost{{
			Name: "shop", Domains: []string{"Shop.example", "*.shop.example"},
			Routes: []*route.Route{
				{
					Name: "api", Match: matched, Action: &route.Route_Route{Route: forward}, RequestHeadersToAdd: add, ResponseHeadersToRemove: []string{"Server"},
					TypedPerFilterConfig: map[string]*anypb.Any{"envoy.filters.http.fault": pack(newFault())},
				},
				{Match: prefix("/old"), Action: &route.Route_Redirect{Redirect: moved}},
				{Match: prefix("/gone"), Action: &route.Route_DirectResponse{DirectResponse: gone}},
				{Match: prefix("/"), Action: &route.Route_Route{Route: weighted}},
			},
		}},
	}
}

func newListener() *listener.Listener {
	manager := &hcm.HttpConnectionManager{
		StatPrefix: "in", CodecType: hcm.HttpConnectionManager_HTTP2,
		RouteSpecifier: &hcm.HttpConnectionManager_Rds{Rds: &hcm.Rds{ConfigSource: ads(), RouteConfigName: "main"}},
		HttpFilters: []*hcm.HttpFilter{
			{Name: "envoy.filters.http.fault", ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: pack(newFault())}},
			{Name: "envoy.filters.http.router", ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: pack(&router.Router{})}},
		},
	}
	filter := &listener.Filter{Name: "http", ConfigType: &listener.Filter_TypedConfig{TypedConfig: pack(manager)}}
	return &listener.Listener{
		Name: "in", Address: address("127.0.0.1:15001"), TrafficDirection: core.TrafficDirection_INBOUND,
		FilterChains: []*listener.FilterChain{{Filters: []*listener.Filter{filter}}},
	}
}

func snapshotOf(wanted order) *cache.Snapshot {
	var clusters, assignments []types.Resource
	for _, each := range wanted.Clusters {
		clusters = append(clusters, newCluster(each.Name, each.Bad))
		if !each.Bad {
			assignments = append(assignments, newAssignment(each.Name, each.Hosts))
		}
	}
	snapshot, err := cache.NewSnapshot(wanted.Version, map[resource.Type][]types.Resource{
		resource.ClusterType: clusters, resource.EndpointType: assignments,
		resource.ListenerType: {newListener()}, resource.RouteType: {newRoutes(wanted.RouteTo)},
	})
	must(err)
	return snapshot
}

func main() {
	snapshots := cache.NewSnapshotCache(true, cache.IDHash{}, nil)
	callbacks := server.CallbackFuncs{StreamRequestFunc: func(_ int64, request *discovery.DiscoveryRequest) error {
		tell(heard{
			TypeURL: request.GetTypeUrl(), Version: request.GetVersionInfo(), Nonce: request.GetResponseNonce(),
			Names: request.GetResourceNames(), Error: request.GetErrorDetail().GetMessage(), Node: request.GetNode().GetId(),
		})
		return nil
	}}
	grpcServer := grpc.NewServer()
	discovery.RegisterAggregatedDiscoveryServiceServer(grpcServer, server.NewServer(context.Background(), snapshots, callbacks))
	open, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go func() { must(grpcServer.Serve(open)) }()
	tell(map[string]int{"port": open.Addr().(*net.TCPAddr).Port})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var wanted order
		must(json.Unmarshal(lines.Bytes(), &wanted))
		must(snapshots.SetSnapshot(context.Background(), "mesh-1", snapshotOf(wanted)))
	}
}
