// For tests only: the real servers behind component types.
export { startKafka, type KafkaCluster } from "../components/kafka/testing/kafka-cluster.ts";
export { skipWithoutKafka } from "../components/kafka/testing/kafka-jars.ts";
export { askBroker } from "../components/kafka/testing/metadata-request.ts";
export { startMosquitto } from "../components/mqtt/testing/broker.ts";
export { natsServer } from "../components/nats/testing/server.ts";
export { rabbitServer } from "../components/rabbitmq/testing/server.ts";
