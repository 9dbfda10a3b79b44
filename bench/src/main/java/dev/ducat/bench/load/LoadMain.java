package dev.ducat.bench.load;

import dev.ducat.kernel.time.SystemClock;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;

/**
 * The load process: one plan as its argument, progress and the account as lines of JSON on standard
 * output. It ends when its standard input does, so that no load outlives who asked for it.
 */
public final class LoadMain {
  private LoadMain() {}

  public static void main(String[] args) throws InterruptedException {
    LoadPlan plan = LoadPlan.parse(args[0]);
    Thread.ofPlatform().daemon().name("stdin").start(LoadMain::endWithParent);
    System.out.println(run(plan).json());
    System.out.flush();
    // Connections end with the process: there is nothing left to say on them.
    Runtime.getRuntime().halt(0);
  }

  private static LoadResult run(LoadPlan plan) throws InterruptedException {
    // One thread: the load is to be felt by the server, not by the machine.
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    Generator generator = new Generator(plan, new SystemClock(), group.next(), LoadMain::print);
    Bootstrap bootstrap =
        new Bootstrap()
            .group(group)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .handler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            new GrpcConnection(
                                generator.requests(), plan.host() + ":" + plan.port(), generator));
                  }
                });
    for (int i = 0; i < plan.connections(); i++) {
      bootstrap.connect(plan.host(), plan.port()).sync();
    }
    return generator.await();
  }

  private static void print(Progress progress) {
    System.out.println(progress.json());
    System.out.flush();
  }

  private static void endWithParent() {
    try {
      while (System.in.read() >= 0) {
        // Nothing is expected; what matters is the end.
      }
    } catch (IOException closed) {
      // As good as the end.
    }
    Runtime.getRuntime().halt(1);
  }
}
