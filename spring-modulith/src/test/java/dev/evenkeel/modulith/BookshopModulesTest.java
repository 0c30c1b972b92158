package dev.evenkeel.modulith;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.bookshop.BookshopApplication;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;
import org.springframework.modulith.core.ApplicationModules;

class BookshopModulesTest {

  @Test
  void theApplicationIsThreeModulesThatObeyModulith() {
    ApplicationModules modules =
        ApplicationModules.of(BookshopApplication.class, new ImportOption.OnlyIncludeTests());

    modules.verify();
    assertThat(modules.stream().map(module -> module.getIdentifier().toString()))
        .containsExactlyInAnyOrder("orders", "shipping", "loyalty");
  }
}
