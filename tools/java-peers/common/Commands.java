package layotto.peers;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** A consumer on a leash: reads one command per line, calls the service, writes one line. */
final class Commands {
  private static final int THREADS = 16;

  private Commands() {}

  static void serve(Greeter greeter) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] words = line.split(" ", 2);
      String argument = words.length > 1 ? words[1] : "";
      String answer;
      try {
        answer = "ok " + call(greeter, words[0], argument);
      } catch (Throwable error) {
        answer = "error " + error.getClass().getName() + " " + firstLine(error.getMessage());
      }
      byte[] bytes = (answer + "\n").getBytes(StandardCharsets.UTF_8);
      System.out.write(bytes, 0, bytes.length);
      System.out.flush();
    }
  }

  private static String call(Greeter greeter, String command, String argument) throws Exception {
    switch (command) {
      case "greet":
        return greeter.greet(argument);
      case "older":
        Person person = new Person(argument, 41);
        person.friend = person;
        return greeter.older(person, 1).toString();
      case "numbers":
        return greeter.numbers(Arrays.asList(1L, -3L, 5_000_000_000L / 2)).toString();
      case "blob":
        byte[] bytes = new byte[Integer.parseInt(argument)];
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) i;
        byte[] back = greeter.blob(bytes);
        boolean right = back.length == bytes.length && back[0] == bytes[bytes.length - 1];
        return back.length + " " + right;
      case "slow":
        return greeter.slow(Long.parseLong(argument));
      case "fail":
        greeter.fail(argument);
        return "no error";
      case "count":
        return String.valueOf(greeter.count());
      case "burst":
        return burst(greeter, Integer.parseInt(argument));
      default:
        throw new IllegalArgumentException("unknown command " + command);
    }
  }

  /** Many calls at once; each must get its own answer. */
  private static String burst(Greeter greeter, int calls) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(THREADS);
    List<Future<Boolean>> results = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      String name = "caller-" + i;
      results.add(pool.submit(() -> greeter.greet(name).startsWith("Hello " + name + " ")));
    }
    int right = 0;
    int wrong = 0;
    int failed = 0;
    for (Future<Boolean> result : results) {
      try {
        if (result.get(60, TimeUnit.SECONDS)) right++;
        else wrong++;
      } catch (Exception error) {
        failed++;
      }
    }
    pool.shutdownNow();
    return "right " + right + " wrong " + wrong + " failed " + failed;
  }

  private static String firstLine(String text) {
    return text == null ? "" : text.split("\n", 2)[0];
  }
}
