package layotto.peers;

import java.lang.reflect.Field;
import org.apache.dubbo.common.utils.NetUtils;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;

/**
 * An Apache Dubbo provider or consumer over the dubbo protocol with hessian2.
 *
 * <pre>
 * DubboPeer provider PORT PLACE [REGISTRY [VERSION]]   REGISTRY: zookeeper://host:port, or N/A
 * DubboPeer consumer URL [VERSION]                     URL: dubbo://host:port, or zookeeper://host:port to find providers by
 * </pre>
 */
public final class DubboPeer {
  private static final int TIMEOUT_MS = 10_000;
  private static final String VERSION = "1.0.0";

  private DubboPeer() {}

  public static void main(String[] args) throws Exception {
    stayOnLoopback();
    ApplicationConfig application = new ApplicationConfig("layotto-dubbo-peer");
    application.setQosEnable(false);
    application.setRegisterMode("interface");
    if (args[0].equals("provider")) provide(application, args);
    else consume(application, args[1], args.length > 2 ? args[2] : VERSION);
  }

  /** Dubbo replaces loopback addresses by one of the network, where nothing listens; there is no setting against that. */
  private static void stayOnLoopback() throws ReflectiveOperationException {
    Field address = NetUtils.class.getDeclaredField("HOST_ADDRESS");
    address.setAccessible(true);
    address.set(null, "127.0.0.1");
  }

  private static void provide(ApplicationConfig application, String[] args) throws Exception {
    ServiceConfig<Greeter> service = new ServiceConfig<>();
    service.setInterface(Greeter.class);
    service.setRef(new GreeterImpl(args[2]));
    service.setVersion(args.length > 4 ? args[4] : VERSION);
    ProtocolConfig protocol = new ProtocolConfig("dubbo", Integer.parseInt(args[1]));
    protocol.setHost("127.0.0.1");
    protocol.setSerialization("hessian2");
    RegistryConfig registry = new RegistryConfig(args.length > 3 ? args[3] : "N/A");
    DubboBootstrap bootstrap = DubboBootstrap.getInstance();
    bootstrap.application(application).registry(registry).protocol(protocol).service(service).start();
    System.out.println("ready");
    Thread.currentThread().join();
  }

  private static void consume(ApplicationConfig application, String url, String version) throws Exception {
    ReferenceConfig<Greeter> reference = new ReferenceConfig<>();
    reference.setInterface(Greeter.class);
    boolean isDirect = url.startsWith("dubbo:");
    if (isDirect) reference.setUrl(url + "/" + Greeter.class.getName() + "?serialization=hessian2");
    reference.setVersion(version);
    reference.setTimeout(TIMEOUT_MS);
    reference.setRetries(0);
    reference.setCheck(false);
    RegistryConfig registry = new RegistryConfig(isDirect ? "N/A" : url);
    DubboBootstrap bootstrap = DubboBootstrap.getInstance();
    bootstrap.application(application).registry(registry).reference(reference).start();
    Greeter greeter = reference.get();
    System.out.println("ready");
    Commands.serve(greeter);
    System.exit(0);
  }
}
