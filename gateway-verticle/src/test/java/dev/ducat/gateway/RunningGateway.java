package dev.ducat.gateway;

import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.SystemClock;
import io.vertx.core.Vertx;
import java.util.function.UnaryOperator;

/** A gateway on free ports with doubles behind its bus, and a raw client of it. */
final class RunningGateway implements AutoCloseable {
  private final TestNode testNode;
  private final GatewayVerticle verticle;
  private final String deployment;
  private final PaymentsDouble payments;
  private final LedgerDouble ledger;
  private final RawGrpc client;
  private final RawGrpc operations;
  private boolean stopped;

  private RunningGateway(
      Vertx clients, TestNode testNode, UnaryOperator<GatewaySettings> settings) {
    this.testNode = testNode;
    payments = PaymentsDouble.serve(testNode.node());
    ledger = LedgerDouble.serve(testNode.node());
    verticle =
        new GatewayVerticle(
            testNode.node(),
            settings.apply(GatewaySettings.defaults().withAddress("127.0.0.1", 0, 0)));
    deployment = testNode.deploy(verticle);
    client = new RawGrpc(clients, verticle.port());
    operations = new RawGrpc(clients, verticle.operationsPort());
  }

  static RunningGateway start(Vertx vertx) {
    return start(vertx, UnaryOperator.identity());
  }

  static RunningGateway start(Vertx vertx, UnaryOperator<GatewaySettings> settings) {
    return new RunningGateway(vertx, TestNode.start(vertx), settings);
  }

  /** Beside another one, with a bus of its own: its doubles answer nobody else. */
  static RunningGateway apart(Vertx clients, UnaryOperator<GatewaySettings> settings) {
    TestNode node =
        TestNode.apart(
            TestDatabase.create(), "node-2", ShardSettings.defaults(), new SystemClock());
    return new RunningGateway(clients, node, settings);
  }

  RawGrpc client() {
    return client;
  }

  RawGrpc operations() {
    return operations;
  }

  PaymentsDouble payments() {
    return payments;
  }

  LedgerDouble ledger() {
    return ledger;
  }

  TestNode testNode() {
    return testNode;
  }

  /** Undeploys the gateway, as a node that goes away does first. */
  io.vertx.core.Future<Void> stop() {
    stopped = true;
    return testNode.vertx().undeploy(deployment);
  }

  @Override
  public void close() {
    client.close();
    operations.close();
    if (!stopped) {
      TestNode.await(stop());
    }
    testNode.close();
  }
}
