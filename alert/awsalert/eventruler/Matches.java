import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import software.amazon.event.ruler.Machine;

/** Answers true or false to each line on standard input: {"pattern": TEXT, "event": TEXT}. */
class Matches {
  public static void main(String[] args) throws Exception {
    var mapper = new ObjectMapper();
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Machine machine = null;
    String pattern = null;
    for (String line; (line = in.readLine()) != null; ) {
      JsonNode pair = mapper.readTree(line);
      if (!pair.get("pattern").textValue().equals(pattern)) {
        pattern = pair.get("pattern").textValue();
        machine = new Machine();
        machine.addRule("pattern", pattern);
      }
      System.out.println(!machine.rulesForJSONEvent(pair.get("event").textValue()).isEmpty());
    }
  }
}
