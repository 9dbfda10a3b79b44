package dev.ducat.bench.cost;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** Another JVM's memory, asked over its own management interface. */
public final class NodeMemory implements AutoCloseable {
  private final JMXConnector connector;
  private final MBeanServerConnection server;

  private NodeMemory(JMXConnector connector, MBeanServerConnection server) {
    this.connector = connector;
    this.server = server;
  }

  /** Connects to a JVM of the same user. */
  @SuppressWarnings("BanJNDI") // The other end is a process that we started, over its own file.
  public static NodeMemory of(long pid) {
    try {
      VirtualMachine machine = VirtualMachine.attach(Long.toString(pid));
      try {
        JMXServiceURL url = new JMXServiceURL(machine.startLocalManagementAgent());
        JMXConnector connector = JMXConnectorFactory.connect(url);
        return new NodeMemory(connector, connector.getMBeanServerConnection());
      } finally {
        machine.detach();
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (AttachNotSupportedException failed) {
      throw new IllegalStateException("process " + pid + " cannot be asked", failed);
    }
  }

  /** Everything all threads ever allocated on the heap. */
  public long allocatedBytes() {
    try {
      return (Long)
          server.getAttribute(
              new ObjectName(ManagementFactory.THREAD_MXBEAN_NAME), "TotalThreadAllocatedBytes");
    } catch (JMException | IOException failed) {
      throw new IllegalStateException("the node does not tell what it allocated", failed);
    }
  }

  /** What is alive on the heap, after a collection. */
  public long liveBytes() {
    try {
      MemoryMXBean memory =
          ManagementFactory.newPlatformMXBeanProxy(
              server, ManagementFactory.MEMORY_MXBEAN_NAME, MemoryMXBean.class);
      memory.gc();
      return memory.getHeapMemoryUsage().getUsed();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  @Override
  public void close() {
    try {
      connector.close();
    } catch (IOException gone) {
      // Nothing depends on it any more.
    }
  }
}
