package vn.axis.sample;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Properties;
import org.apache.avro.Schema;

/** What `axis connection add --kafka --json` printed, as properties of the Kafka client. */
final class Axis {
  final JsonNode told;

  Axis(String file) throws IOException {
    told = new ObjectMapper().readTree(Path.of(file).toFile());
  }

  String name() {
    return told.get("name").asText();
  }

  String topic(String kind) {
    return told.get("topics").get(kind).asText();
  }

  /** Broker: SCRAM over TLS, trusting the authority that was given and no other. */
  Properties broker() {
    Properties set = new Properties();
    set.put("bootstrap.servers", told.get("kafka_bootstrap").asText());
    set.put("security.protocol", "SASL_SSL");
    set.put("ssl.truststore.type", "PEM");
    set.put("ssl.truststore.location", told.get("kafka_ca").asText());
    set.put("sasl.mechanism", "SCRAM-SHA-512");
    set.put(
        "sasl.jaas.config",
        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\""
            + told.get("kafka_user").asText()
            + "\" password=\""
            + told.get("kafka_password").asText()
            + "\";");
    return set;
  }

  /**
   * Registry: schemas are read, never registered, under the record's name.
   *
   * <p>With Confluent's serializer the same is: schema.registry.url, basic.auth.credentials.source=USER_INFO,
   * basic.auth.user.info, auto.register.schemas=false, use.latest.version=true and
   * value.subject.name.strategy=io.confluent.kafka.serializers.subject.RecordNameStrategy.
   */
  void registry(Properties set, String record) {
    set.put("apicurio.registry.url", told.get("registry_url").asText().replaceAll("/apis/.*", "/apis/registry/v3"));
    set.put("apicurio.registry.auth.username", told.get("registry_user").asText());
    set.put("apicurio.registry.auth.password", told.get("registry_password").asText());
    set.put("apicurio.registry.auto-register", "false");
    set.put("apicurio.registry.find-latest", "true");
    set.put("apicurio.registry.artifact.group-id", "default");
    set.put("apicurio.registry.artifact.artifact-id", record);
  }

  /** The packet's id, the same through every retry and every door. */
  String packetId(byte[] packet) throws NoSuchAlgorithmException {
    String text = "packet\n" + name() + "\n" + sha256(packet);
    return sha256(text.getBytes(StandardCharsets.UTF_8)).substring(0, 32);
  }

  static String sha256(byte[] data) throws NoSuchAlgorithmException {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
  }

  static Schema schema(String file) throws IOException {
    try (InputStream in = Axis.class.getResourceAsStream("/" + file)) {
      return new Schema.Parser().parse(in);
    }
  }
}
