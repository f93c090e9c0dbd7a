"""What gunicorn runs."""

import os
import time

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()

time.sleep(settings.SHOP_BOOT_DELAY)
