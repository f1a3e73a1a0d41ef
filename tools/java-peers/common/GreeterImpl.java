package layotto.peers;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Answers so that a test can tell what came through, and prints what a test waits for: {@code sleeping MS} when a slow call
 * has come in, {@code greeted N} after each hundred greetings.
 */
public class GreeterImpl implements Greeter {
  private final AtomicLong calls = new AtomicLong();
  private final String place;

  /** @param place named in every greeting, to tell several providers apart */
  public GreeterImpl(String place) {
    this.place = place;
  }

  @Override
  public String greet(String name) {
    long count = calls.incrementAndGet();
    if (count % 100 == 0) say("greeted " + count);
    return "Hello " + name + " from " + place;
  }

  @Override
  public Person older(Person person, int years) {
    Person result = new Person(person.name, person.age + years);
    result.friend = person.friend == person ? result : person.friend;
    return result;
  }

  @Override
  public Map<String, List<Long>> numbers(List<Long> values) {
    List<Long> squares = new ArrayList<>();
    for (Long value : values) squares.add(value * value);
    Map<String, List<Long>> result = new HashMap<>();
    result.put("squares", squares);
    return result;
  }

  @Override
  public byte[] blob(byte[] bytes) {
    byte[] result = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) result[i] = bytes[bytes.length - 1 - i];
    return result;
  }

  @Override
  public String slow(long ms) {
    say("sleeping " + ms);
    try {
      Thread.sleep(ms);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
    return "slept " + ms;
  }

  @Override
  public void fail(String why) {
    throw new IllegalStateException(why);
  }

  @Override
  public long count() {
    return calls.get();
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
